// What is masked and what is not: two runs teach, a third is held against them.
#include "runner/text_pattern.h"

#include <algorithm>
#include <cstddef>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gtest/gtest.h>

namespace slim {
namespace {

using Texts = std::vector<std::string>;

enum class Result { same, different, unlearned };

std::ostream& operator<<(std::ostream& out, Result result) {
  return out << (result == Result::same ? "same" : result == Result::different ? "different" : "unlearned");
}

Result held_against(const Texts& runs, const std::string& other) {
  const std::vector<std::string_view> views(runs.begin(), runs.end());
  const auto pattern = TextPattern::learn(views);
  if (!pattern) return Result::unlearned;
  for (const auto& run : runs)
    EXPECT_TRUE(pattern->matches(run)) << "a pattern has to fit what it is of: " << run;
  return pattern->matches(other) ? Result::same : Result::different;
}

struct Row {
  std::string one;
  std::string two;
  std::string other;
  Result expected;
};

void check(const std::vector<Row>& rows) {
  for (const auto& row : rows) {
    EXPECT_EQ(held_against({row.one, row.two}, row.other), row.expected)
        << row.one << " | " << row.two << " | " << row.other;
  }
}

TEST(TextPattern, NumbersKeepTheirFormAndMayHaveOtherDigits) {
  check({{"pid 7 up", "pid 19 up", "pid 4711 up", Result::same},
         {"pid 7 up", "pid 19 up", "pid -3 up", Result::different},
         {"pid 7 up", "pid 19 up", "pid 3.5 up", Result::different},
         {"pid 7 up", "pid 19 up", "pid none up", Result::different},
         {"pid 7 code 1", "pid 9 code 1", "pid 8 code 2", Result::different},
         {"x=0.5", "x=0.125", "x=0.75", Result::same},
         {"x=0.5", "x=0.125", "x=0,75", Result::different},
         {"x=0.5", "x=0.125", "x=7", Result::different},
         {"-5", "-12", "-7", Result::same},
         {"-5", "-12", "7", Result::different},
         {"-5", "12", "7", Result::same},
         {"1.5e-05", "2.25e-06", "7.5e-05", Result::same},
         {"   7 a\n", "  19 a\n", "1000 a\n", Result::different},
         {" |   7 a\n", " |  19 a\n", " |1000 a\n", Result::different},
         {"r   7 a\n", "r  19 a\n", "r 100 a\n", Result::same},
         {"0x1f", "0x3a2", "0xb", Result::same}});
}

TEST(TextPattern, TimesKeepFormatOffsetAndZone) {
  check({{"2026-11-30T23:59:59Z", "2026-12-01T00:00:01Z", "2026-12-01T00:00:00Z", Result::same},
         {"2026-11-30T23:59:59Z", "2026-12-01T00:00:01Z", "2026-12-01T00:00:00+00:00", Result::different},
         {"10:00:01+01:00", "10:00:02+01:00", "10:00:03+01:00", Result::same},
         {"10:00:01+01:00", "10:00:02+01:00", "09:00:03+00:00", Result::different},
         {"10:00:01 CET", "10:00:02 CET", "10:00:02 UTC", Result::different},
         {"10:00:01 CET", "10:00:02 CET", "09:00:02 CET", Result::different},
         {"10:00:08", "10:00:12", "10:00:9", Result::different},
         {"Mon, 30 Nov 2026 23:59:59 GMT", "Tue, 01 Dec 2026 00:00:01 GMT", "Tue, 01 Dec 2026 00:00:00 GMT",
          Result::same},
         {"Mon, 30 Nov 2026 23:59:59 GMT", "Tue, 01 Dec 2026 00:00:01 GMT", "Di, 01 Dez 2026 00:00:00 GMT",
          Result::different},
         {"11:59 am", "12:01 pm", "12:00 pm", Result::same},
         {"1732550000.123456", "1732550001.5", "1732550002.75", Result::same}});
}

TEST(TextPattern, DurationsAndSizesKeepTheirKindOfUnit) {
  check({{"took 950ms", "took 1.2s", "took 1m2.5s", Result::different},
         {"took 950ms", "took 1m1.2s", "took 80\xc2\xb5s", Result::same},
         {"took 950ms", "took 1.2s", "took 3\xc2\xb5s", Result::same},
         {"took 950 ms", "took 1.2 s", "took 3 us", Result::same},
         {"took 950ms", "took 1.2s", "took 3kB", Result::different},
         {"1.5MiB", "900KiB", "2GiB", Result::same},
         {"59:59", "1:00:01", "2:00:00", Result::same},
         {"in s", "in ms", "in s", Result::unlearned}});
}

TEST(TextPattern, IdsKeepLengthShapeAndAlphabet) {
  check({{"id deadbeef01", "id 0123456789", "id abcdef0123", Result::same},
         {"id deadbeef0a", "id 0123456b8c", "id abcdef012", Result::different},
         {"id deadbeef0a", "id 0123456b8c", "id ABCDEF0123", Result::different},
         {"id deadbeef0a", "id 0123456b8c", "id ghijklmnop", Result::different},
         {"6f9619ff-8b86-d011-b42d-00c04fc964ff", "7d444840-9dc0-11d1-b245-5ffdce74fad2",
          "123e4567-e89b-12d3-a456-426614174000", Result::same},
         {"6f9619ff-8b86-d011-b42d-00c04fc964ff", "7d444840-9dc0-11d1-b245-5ffdce74fad2",
          "123e4567e89b12d3a456426614174000", Result::different},
         {"token=Zm9vYmFy+A==", "token=aGVsbG8gd28=", "token=c2xpbSAvZm8=", Result::same},
         {"token=Zm9vYmFy+A==", "token=aGVsbG8gd28=", "token=c2xpbSAvZm", Result::different},
         {"token=Zm9vYmFy+A==", "token=aGVsbG8gd28=", "key=c2xpbSAvZm89", Result::different},
         {"/tmp/tmpa8x_3kf1/out", "/tmp/tmpq0wertyu/out", "/tmp/tmp_zz9kk1x/out", Result::same},
         {"/tmp/tmpa8x_3kf1/out", "/tmp/tmpq0wertyu/out", "/var/tmp_zz9kk1x/out", Result::different}});
}

TEST(TextPattern, WordsAreNotNoise) {
  check({{"red", "blue", "red", Result::unlearned},
         {"heads", "tails", "heads", Result::unlearned},
         {"Hello", "World", "Hello", Result::unlearned},
         {"CET", "CEST", "CET", Result::unlearned},
         {"true", "false", "true", Result::unlearned},
         {"", "x1", "", Result::unlearned},
         {"face", "beef", "face", Result::unlearned}});
}

TEST(TextPattern, TheOrderOfLinesIsMaskedWhereItVaries) {
  check({{"a\nb\nc\n", "c\na\nb\n", "b\nc\na\n", Result::same},
         {"a\nb\nc\n", "c\na\nb\n", "b\nc\nx\n", Result::different},
         {"a\nb\nc\n", "c\na\nb\n", "b\nb\na\n", Result::different},
         {"a\nb\nc\n", "c\na\nb\n", "b\nc\n", Result::different},
         {"w 1 of 9\nw 2 of 9\n", "w 2 of 9\nw 1 of 9\n", "w 3 of 9\nw 1 of 9\n", Result::different},
         {"a1\nb\n", "a1\n", "a1\nb\n", Result::unlearned}});
  // far from the stretch that varies, the order counts
  std::string head;
  for (int i = 0; i < 20; ++i) head += "line " + std::string(static_cast<std::size_t>(i + 1), 'x') + "\n";
  const std::string swapped = "line xx\nline x\n" + head.substr(head.find("line xxx"));
  EXPECT_EQ(held_against({head + "a\nb\n", head + "b\na\n"}, head + "a\nb\n"), Result::same);
  EXPECT_EQ(held_against({head + "a\nb\n", head + "b\na\n"}, swapped + "a\nb\n"), Result::different);
}

TEST(TextPattern, LinesInAnyOrderMayHoldNumbersThatVary) {
  check({{"[12:00:01] worker a up\n[12:00:02] worker b up\n",
          "[12:00:03] worker b up\n[12:00:03] worker a up\n",
          "[12:00:05] worker a up\n[12:00:09] worker b up\n", Result::same},
         {"[12:00:01] worker a up\n[12:00:02] worker b up\n",
          "[12:00:03] worker b up\n[12:00:03] worker a up\n",
          "[12:00:05] worker a up\n[12:00:09] worker a up\n", Result::different},
         // ports are the same in every run, whoever opens them; process ids are not
         {"pid 7 a port 80\npid 8 b port 81\n", "pid 9 b port 81\npid 8 a port 80\n",
          "pid 11 b port 81\npid 12 a port 80\n", Result::same},
         {"pid 7 a port 80\npid 8 b port 81\n", "pid 9 b port 81\npid 8 a port 80\n",
          "pid 11 b port 81\npid 12 a port 82\n", Result::different}});
}

TEST(TextPattern, TheOrderOfItemsOfALineIsMaskedWhereItVaries) {
  check({{"{'a': 1, 'b': 2, 'c': 3}", "{'c': 3, 'a': 1, 'b': 2}", "{'b': 2, 'c': 3, 'a': 1}", Result::same},
         {"{'a': 1, 'b': 2, 'c': 3}", "{'c': 3, 'a': 1, 'b': 2}", "{'b': 1, 'c': 3, 'a': 2}",
          Result::different},
         {"map[a:1 b:2]", "map[b:2 a:1]", "map[b:2 a:1]", Result::same},
         {"map[a:1 b:2]", "map[b:2 a:1]", "map[b:2 c:1]", Result::different},
         {"a=1 b=2 c=3 ", "c=3 b=2 a=1 ", "b=2 a=1 c=3 ", Result::same},
         {"a=1 b=2 c=3 ", "c=3 b=2 a=1 ", "b=2 a=1 ", Result::different},
         {"{pid: 7, b: 2}", "{b: 2, pid: 19}", "{pid: 4, b: 2}", Result::same},
         {"{pid: 7, b: 2}", "{b: 2, pid: 19}", "{pid: 4, b: x}", Result::different}});
}

TEST(TextPattern, JsonIsComparedByItsStructure) {
  check({{R"({"a": 1, "t": "12:00:01", "n": [1, {"id": 5}]})",
          R"({"t": "12:00:02","a": 1, "n": [1, {"id": 17}]})",
          R"({"n": [1, {"id": 3}], "a": 1, "t": "12:00:07"})", Result::same},
         {R"({"a": 1, "t": "12:00:01"})", R"({"a": 1, "t": "12:00:02"})", R"({"a": 2, "t": "12:00:03"})",
          Result::different},
         {R"({"a": 1, "t": "12:00:01"})", R"({"a": 1, "t": "12:00:02"})", R"({"a": 1, "t": null})",
          Result::different},
         {R"({"a": 1, "t": "12:00:01"})", R"({"a": 1, "t": "12:00:02"})",
          R"({"a": 1, "t": "12:00:03", "b": 0})", Result::different},
         {R"({"l": ["x", "y"], "t": 1.5})", R"({"l": ["y", "x"], "t": 2.5})",
          R"({"t": 7.5, "l": ["x", "y"]})", Result::same},
         {R"({"l": ["x", "y"], "t": 1.5})", R"({"l": ["y", "x"], "t": 2.5})",
          R"({"t": 7.5, "l": ["x", "z"]})", Result::different},
         {R"({"ok": true})", R"({"ok": false})", R"({"ok": true})", Result::unlearned},
         {"start\n{\"pid\": 7, \"m\": \"up\"}\n", "start\n{\"m\": \"up\", \"pid\": 12}\n",
          "start\n{\"pid\": 5, \"m\": \"up\"}\n", Result::same},
         {"start\n{\"pid\": 7, \"m\": \"up\"}\n", "start\n{\"m\": \"up\", \"pid\": 12}\n",
          "start\n{\"pid\": 5, \"m\": \"down\"}\n", Result::different}});
}

TEST(TextPattern, MoreRunsTeachMore) {
  const Texts two = {"id 12345678", "id 23456781"};
  EXPECT_EQ(held_against(two, "id 1234abcd"), Result::different);
  EXPECT_EQ(held_against({two[0], two[1], "id beef1234"}, "id 1234abcd"), Result::same);
}

TEST(TextPattern, DeepJsonAndLongLinesAreBounded) {
  const std::string deep(200'000, '[');
  EXPECT_EQ(held_against({deep + "1", deep + "2"}, deep + "3"), Result::same) << "as text, for it is no JSON";
  std::string wide;
  std::string other;
  for (int i = 0; i < 50'000; ++i) {
    wide += fmt::format("k{}=1 ", i);
    other += fmt::format("k{}=1 ", 49'999 - i);
  }
  EXPECT_EQ(held_against({wide, other}, wide), Result::same);
  std::string lines;
  std::string back;
  for (int i = 0; i < 50'000; ++i) {
    lines += fmt::format("line {} of pid 7\n", i);
    back += fmt::format("line {} of pid 7\n", 49'999 - i);
  }
  EXPECT_EQ(held_against({lines, back}, lines), Result::same);
}

/// A program that prints what differs from run to run: time, pid, ids, and a hash table in some order.
class Noisy {
 public:
  explicit Noisy(unsigned seed) : random_(seed) {}

  std::string run() {
    second_ += number(2);
    std::string hex;
    std::string token;
    for (int i = 0; i < 8; ++i) hex += "0123456789abcdef"[number(16)];
    for (int i = 0; i < 16; ++i)
      token += "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"[number(64)];
    std::vector<std::string> items = {"one: 1", "two: 2", "three: 3", "four: 4"};
    std::vector<std::string> lines = {"north\n", "south\n", "west\n", "east\n"};
    std::ranges::shuffle(items, random_);
    std::ranges::shuffle(lines, random_);
    return fmt::format(
        "at 12:{:02}:{:02} UTC pid {} took {}.{}ms\nid {} token {}\n{{{}, {}, {}, {}}}\n{}{}{}{}die {}\n",
        second_ / 60, second_ % 60, 1 + number(30), number(20), number(1000), hex, token, items[0], items[1],
        items[2], items[3], lines[0], lines[1], lines[2], lines[3], number(20) + 1);
  }

 private:
  unsigned number(unsigned below) { return std::uniform_int_distribution<unsigned>(0, below - 1)(random_); }
  std::mt19937 random_;
  unsigned second_ = 0;
};

TEST(TextPattern, ANoisyProgramIsTheSameAsItself) {
  for (unsigned seed = 0; seed < 500; ++seed) {
    Noisy program(seed);
    Texts originals;
    Texts slimmed;
    auto result = Result::unlearned;
    for (int run = 0; run < 5 && result != Result::same; ++run) {
      originals.push_back(program.run());
      slimmed.push_back(program.run());
      if (run < 1) continue;
      result = Result::same;
      for (const auto& other : slimmed) {
        if (held_against(originals, other) != Result::same) result = Result::different;
      }
    }
    ASSERT_EQ(result, Result::same) << "seed " << seed << "\n"
                                    << fmt::format("{}\n---\n{}", fmt::join(originals, ""),
                                                   fmt::join(slimmed, ""));
  }
}

}  // namespace
}  // namespace slim
