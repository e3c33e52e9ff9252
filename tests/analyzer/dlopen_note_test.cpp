#include "analyzer/dlopen_note.h"

#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "analyzer/elf.h"

namespace slim {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

struct Parsed {
  std::vector<DlopenNote> notes;
  std::vector<std::string> problems;
};

Parsed parse(const std::string& json) {
  Parsed parsed;
  parse_dlopen_note(json, parsed.notes, parsed.problems);
  return parsed;
}

TEST(DlopenNotes, AlternativesKeepTheirOrder) {
  const Parsed parsed = parse(
      R"([{"soname":["libb.so.2","liba.so.1"],"feature":"f","description":"d","priority":"recommended"},{"soname":["libc.so.3"]}])");
  ASSERT_EQ(parsed.notes.size(), 2U);
  EXPECT_THAT(parsed.notes[0].sonames, ElementsAre("libb.so.2", "liba.so.1"));
  EXPECT_EQ(parsed.notes[0].priority, "recommended");
  EXPECT_EQ(parsed.notes[0].feature, "f");
  EXPECT_EQ(parsed.notes[0].description, "d");
  EXPECT_EQ(parsed.notes[1].priority, "");
  EXPECT_THAT(parsed.problems, IsEmpty());
}

TEST(DlopenNotes, OtherShapesAreProblems) {
  for (const char* json : {"", "{}", "[", "\"a\"", "[1]", "[{}]", R"([{"soname":"liba.so"}])"}) {
    const Parsed parsed = parse(json);
    EXPECT_THAT(parsed.notes, IsEmpty()) << json;
    EXPECT_THAT(parsed.problems, ElementsAre(HasSubstr("dlopen note"))) << json;
  }
  EXPECT_THAT(parse(R"([{"soname":[1,"liba.so"],"priority":7}])").notes.front().sonames,
              ElementsAre("liba.so"));
}

TEST(DlopenNotes, DeepAndHugeNotesAreBounded) {
  EXPECT_THAT(parse(std::string(60'000, '[')).notes, IsEmpty());
  EXPECT_THAT(parse(std::string(70'000, ' ')).problems, ElementsAre(HasSubstr("64 KiB")));
  std::string many = "[";
  for (int i = 0; i < 300; ++i) many += (i == 0 ? "" : ",") + std::string(R"({"soname":["a.so"]})");
  const Parsed parsed = parse(many + "]");
  EXPECT_EQ(parsed.notes.size(), 256U);
  EXPECT_THAT(parsed.problems, ElementsAre(HasSubstr("more than 256")));
}

}  // namespace
}  // namespace slim
