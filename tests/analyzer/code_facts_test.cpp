#include "analyzer/code_facts.h"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/analyzer/tar_builder.h"

namespace slim {
namespace {

TEST(CodeFacts, ALanguageIsToldByTheNameOrTheInterpreter) {
  EXPECT_EQ(code_language("srv/app.py", ""), Language::python);
  EXPECT_EQ(code_language("usr/bin/tool", "/usr/bin/python3 -E"), Language::python);
  EXPECT_EQ(code_language("usr/bin/tool", "/usr/bin/env -S python3 -u"), Language::python);
  EXPECT_EQ(code_language("usr/bin/tool", "/bin/sh"), Language::none);
  EXPECT_EQ(code_language("etc/passwd", ""), Language::none);
}

TEST(CodeFacts, NamesThatAreTooLongAreLeftOut) {
  const std::string text = "import a\nx = '/" + std::string(longest_code_name, 'y') + "'\nimport b\n";
  const CodeFacts facts = scan_code(Language::python, "x.py", test::bytes_of(text));
  ASSERT_EQ(facts.names.size(), 2U);
  EXPECT_EQ(facts.names[0].text, "a");
  EXPECT_EQ(facts.names[1].text, "b");
  EXPECT_EQ(facts.language, Language::python);
}

TEST(CodeFacts, WhatIsNoCodeIsNotRead) {
  EXPECT_EQ(code_cap(Language::none, "a.py"), 0U);
  EXPECT_GE(code_cap(Language::python, "a.py"), 1U << 20U);
  EXPECT_TRUE(scan_code(Language::none, "x", test::bytes_of("import a\n")).names.empty());
}

}  // namespace
}  // namespace slim
