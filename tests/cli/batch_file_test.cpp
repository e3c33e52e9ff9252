#include "cli/batch_file.h"

#include <map>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "analyzer/error.h"

namespace slim {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;

const std::vector<BatchOption> options{{.name = "tag", .takes_value = true, .repeats = false},
                                       {.name = "profile", .takes_value = true, .repeats = false},
                                       {.name = "entrypoint", .takes_value = true, .repeats = false},
                                       {.name = "probe", .takes_value = true, .repeats = true},
                                       {.name = "http", .takes_value = true, .repeats = true},
                                       {.name = "exec", .takes_value = true, .repeats = true},
                                       {.name = "env", .takes_value = true, .repeats = true},
                                       {.name = "no-run", .takes_value = false, .repeats = false}};

std::vector<BatchEntry> parsed(const std::string& text, const BatchValues& shared = {}) {
  return parse_batch(text, "b.yaml", options, shared);
}

std::string problem_of(const std::string& text) {
  try {
    parsed(text);
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::input);
    return error.what();
  }
  return "";
}

TEST(BatchFile, ReadsAListOfImages) {
  const auto entries =
      parsed("- { image: a.tar, output: 'oci:a' }\n- image: b.tar\n  output: docker-archive:b\n");
  ASSERT_EQ(entries.size(), 2U);
  EXPECT_EQ(entries[0].image, "a.tar");
  EXPECT_EQ(entries[0].output, "oci:a");
  EXPECT_EQ(entries[0].line, 1U);
  EXPECT_THAT(entries[0].options, IsEmpty());
  EXPECT_EQ(entries[1].line, 2U);
}

TEST(BatchFile, ReadsEveryKindOfOption) {
  const auto entries = parsed(R"(
images:
  - image: a
    output: oci:a
    tag: 1.5
    probes: [ one.yaml, two.yaml ]
    http: /health
    exec: [ app --version, [ app, "two words" ] ]
    env: { MODE: fast, PORT: 80 }
    entrypoint: [ /bin/app, "a b" ]
    no-run: true
)");
  ASSERT_EQ(entries.size(), 1U);
  EXPECT_THAT(
      entries[0].options,
      ElementsAre(Pair("entrypoint", ElementsAre(R"(["/bin/app","a b"])")),
                  Pair("env", ElementsAre("MODE=fast", "PORT=80")),
                  Pair("exec", ElementsAre("app --version", R"(["app","two words"])")),
                  Pair("http", ElementsAre("/health")), Pair("no-run", IsEmpty()),
                  Pair("probe", ElementsAre("one.yaml", "two.yaml")), Pair("tag", ElementsAre("1.5"))));
  EXPECT_THAT(option_words(entries[0].options),
              ElementsAre(R"(--entrypoint=["/bin/app","a b"])", "--env=MODE=fast", "--env=PORT=80",
                          "--exec=app --version", R"(--exec=["app","two words"])", "--http=/health",
                          "--no-run", "--probe=one.yaml", "--probe=two.yaml", "--tag=1.5"));
}

TEST(BatchFile, AnImageOverridesTheDefaultsAndTheseTheCommandLine) {
  const auto entries = parsed(R"(
defaults: { profile: safe, no-run: true }
images:
  - { image: a, output: 'oci:a' }
  - { image: b, output: 'oci:b', profile: minimal, no-run: false, http: [] }
)",
                              {{"profile", {"balanced"}}, {"http", {"/"}}});
  EXPECT_THAT(entries[0].options, ElementsAre(Pair("http", ElementsAre("/")), Pair("no-run", IsEmpty()),
                                              Pair("profile", ElementsAre("safe"))));
  EXPECT_THAT(option_words(entries[1].options), ElementsAre("--profile=minimal"));
}

TEST(BatchFile, ReadsLines) {
  const auto entries = parsed(
      "# what we ship\n\napp.tar docker-archive:app-slim.tar smoke.yaml\r\n"
      "  'my image.tar' oci:out --http /a --http=/b --no-run --env 'A=b c'\n");
  ASSERT_EQ(entries.size(), 2U);
  EXPECT_EQ(entries[0].line, 3U);
  EXPECT_EQ(entries[0].output, "docker-archive:app-slim.tar");
  EXPECT_THAT(entries[0].options, ElementsAre(Pair("probe", ElementsAre("smoke.yaml"))));
  EXPECT_EQ(entries[1].image, "my image.tar");
  EXPECT_EQ(entries[1].line, 4U);
  EXPECT_THAT(option_words(entries[1].options),
              ElementsAre("--env=A=b c", "--http=/a", "--http=/b", "--no-run"));
}

TEST(BatchFile, ReadsJson) {
  EXPECT_EQ(parsed(R"({"images":[{"image":"a","output":"oci:a"}]})").size(), 1U);
  EXPECT_EQ(parsed(R"([{"image":"a","output":"oci:a"}])").size(), 1U);
}

TEST(BatchFile, SaysWhatIsWrongAndWhere) {
  const std::map<std::string, std::string> cases{
      {"", "b.yaml: it names no image"},
      {"# nothing\n", "b.yaml: it names no image"},
      {"[]", "b.yaml: it names no image"},
      {"- { output: 'oci:a' }", "b.yaml: line 1: [0]: expected the key image, which is missing"},
      {"- image: a\n", "b.yaml: line 1: [0]: expected the key output, which is missing"},
      {"- image: a\n  output: oci:a\n  profle: safe\n",
       "b.yaml: line 3: [0].profle: unknown key; expected image, output or an option of slim build; did you "
       "mean "
       "profile?"},
      {"image: []", "b.yaml: line 1: image: unknown key; expected defaults, images; did you mean images?"},
      {"- image: a\n  output: oci:a\n  no-run: maybe\n",
       "b.yaml: line 3: [0].no-run: expected true or false, found 'maybe'"},
      {"- image: a\n  output: oci:a\n  tag: { a: b }\n",
       "b.yaml: line 3: [0].tag: expected a text, found a map"},
      {"- image: ''\n  output: oci:a\n",
       "b.yaml: line 1: expected an image and an output that are not empty"},
      {"a oci:a\nb oci:a\n", "b.yaml: line 2: oci:a: line 1 has the same output"},
      {"a\n", "b.yaml: line 1: expected IMAGE DEST [PROBE-FILE...] [--OPTION [VALUE]...]"},
      {"a oci:a --profle safe\n",
       "b.yaml: line 1: --profle: unknown key; expected image, output or an option of slim build; did you "
       "mean "
       "profile?"},
      {"a oci:a --no-run=1\n", "b.yaml: line 1: --no-run=1: expected no value"},
      {"a oci:a --profile\n", "b.yaml: line 1: --profile: expected a value"},
  };
  for (const auto& [text, message] : cases) EXPECT_EQ(problem_of(text), message) << text;
}

TEST(BatchFile, TwoImagesMayGoToOneLayoutUnderTwoNames) {
  EXPECT_EQ(parsed("a oci:x --tag 1\nb oci:x --tag 2\n").size(), 2U);
}

}  // namespace
}  // namespace slim
