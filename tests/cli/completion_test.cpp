#include "cli/completion.h"

#include <string>
#include <vector>

#include <CLI/CLI.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cli/command_tree.h"
#include "cli/manual.h"

namespace slim {
namespace {

using testing::HasSubstr;
using testing::Not;

/// A program with every kind of option.
struct Program {
  Program() {
    CLI::App* command = app.add_subcommand("build", "make it; it's quick");
    command->add_option("IMAGE", image, "the image")->required();
    command->add_option("-o,--output", output, "where to")->type_name("DEST");
    command->add_option("--profile", profile, "how much [of it]: a part")->type_name("minimal|safe[:N]");
    command->add_option("--include", include, "more; repeatable")->type_name("GLOB")->allow_extra_args(false);
    command->add_flag("--no-run", no_run, "start nothing");
    command->add_flag("--secret", no_run, "not to be shown")->group("");
    app.add_subcommand("rules", "rules")->add_subcommand("list", "all of them");
    app.add_subcommand("hidden", "nobody's")->group("");
  }
  CLI::App app{"a program", "slim"};
  std::string image;
  std::string output;
  std::string profile;
  std::vector<std::string> include;
  bool no_run = false;
};

TEST(CommandTree, IsWhatTheCommandLineKnows) {
  const Program program;
  const CommandWords tree = command_tree(program.app);
  ASSERT_EQ(tree.commands.size(), 2U);
  const CommandWords& build = tree.commands[0];
  EXPECT_EQ(build.name, "build");
  ASSERT_EQ(build.arguments.size(), 1U);
  EXPECT_EQ(build.arguments[0].name, "IMAGE");
  EXPECT_TRUE(build.arguments[0].required);
  ASSERT_EQ(build.options.size(), 5U);  // with --help
  EXPECT_EQ(build.options[1].names, (std::vector<std::string>{"-o", "--output"}));
  EXPECT_EQ(build.options[1].kind, ValueKind::file);
  EXPECT_EQ(build.options[2].choices, (std::vector<std::string>{"minimal", "safe"}));
  EXPECT_FALSE(build.options[2].repeatable);
  EXPECT_EQ(build.options[3].kind, ValueKind::other);
  EXPECT_TRUE(build.options[3].repeatable);
  EXPECT_EQ(build.options[4].kind, ValueKind::none);
  EXPECT_EQ(tree.commands[1].commands.at(0).name, "list");
}

TEST(Completion, DescriptionsCannotBreakTheScripts) {
  const Program program;
  const CommandWords tree = command_tree(program.app);
  EXPECT_THAT(zsh_completion(tree),
              HasSubstr(R"(--profile=[how much \[of it\]\: a part]:minimal|safe\[\:N\]:(minimal safe))"));
  EXPECT_THAT(zsh_completion(tree), HasSubstr(R"('build:make it; it'\''s quick')"));
  EXPECT_THAT(fish_completion(tree), HasSubstr(R"(-a build -d 'make it; it\'s quick')"));
  for (const std::string& script : {bash_completion(tree), zsh_completion(tree), fish_completion(tree)}) {
    EXPECT_THAT(script, Not(HasSubstr("hidden")));
    EXPECT_THAT(script, Not(HasSubstr("secret")));
  }
}

TEST(Manual, HasTheCommandsBehindItsFirstSection) {
  const Program program;
  const std::string page =
      manual_page(command_tree(program.app),
                  "# DESCRIPTION\n.dotted -x\n\nmore\n# EXIT\n= 0\ngood\n\n    code \\n\n", "1.2");
  EXPECT_THAT(page, HasSubstr(".TH SLIM 1 \"\" \"slim 1.2\" \"User Commands\"\n"));
  EXPECT_THAT(page, HasSubstr(".SH DESCRIPTION\n\\&.dotted \\-x\n.PP\nmore\n.SH COMMANDS\n"));
  EXPECT_THAT(page, HasSubstr(".SS \\fBslim build\\fR [\\fIoptions\\fR] \\fIIMAGE\\fR\n"));
  EXPECT_THAT(page, HasSubstr(".TP\n\\fB\\-o\\fR, \\fB\\-\\-output\\fR \\fIDEST\\fR\nwhere to\n"));
  EXPECT_THAT(page, HasSubstr(".SH EXIT\n.TP\n\\fB0\\fR\ngood\n.PP\n.EX\ncode \\en\n.EE\n"));
  EXPECT_THAT(page, HasSubstr("\\fBslim rules list\\fR"));
}

}  // namespace
}  // namespace slim
