#include "analyzer/perl.h"

#include <string>
#include <string_view>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "analyzer/code_facts.h"

namespace slim {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::IsSupersetOf;
using testing::Not;

/// "KIND NAME", in the order of the text.
std::vector<std::string> names(std::string_view text) {
  constexpr std::string_view kinds[] = {"use",  "require", "word", "prefix",
                                        "file", "library", "path", "command"};
  std::vector<std::string> found;
  for (const CodeName& name : scan_perl(text)) {
    std::string shown = name.text;
    if (shown.starts_with('\2')) shown.replace(0, 1, "HERE");
    found.push_back(std::string(kinds[name.use]) + " " + shown);
  }
  return found;
}

TEST(Perl, KnowsItsFilesAndInterpreters) {
  EXPECT_TRUE(is_perl_file("usr/share/perl5/DBI.pm"));
  EXPECT_FALSE(is_perl_file("usr/share/x.py"));
  EXPECT_TRUE(is_perl_interpreter("/usr/bin/perl5.36.0"));
  EXPECT_FALSE(is_perl_interpreter("/usr/bin/perldoc"));
}

TEST(Perl, StatementsNameModules) {
  EXPECT_THAT(names("use strict;\nuse POSIX qw(floor);\n  no warnings 'void';\nrequire Some::Thing;\nuse "
                    "v5.10; use 5.006;\n"),
              ElementsAre("use strict", "require POSIX", "require warnings", "require Some::Thing"));
  EXPECT_THAT(names("eval { require Lazy::One } or eval \"require Lazy::Two; 1\";"),
              IsSupersetOf({"require Lazy::One", "require Lazy::Two"}));
  EXPECT_THAT(names("$self->require($x); my $use = 1; %use; we use it, of course"), Not(Contains("use it")));
}

TEST(Perl, ParentsAreModules) {
  EXPECT_THAT(names("use parent qw(Exporter A::B);\nuse base 'Simple';\nuse parent -norequire, 'X';\n"),
              IsSupersetOf({"require Exporter", "require A::B", "require Simple", "require X"}));
  EXPECT_THAT(names("use parent qw(\n  One\n  Two::Three\n);\nuse After;\n"),
              IsSupersetOf({"require One", "require Two::Three", "use After"}));
  EXPECT_THAT(names("use if $] < 5.010, 'Compat';"), Contains("require Compat"));
  EXPECT_THAT(names("extends 'Base::Class';\nwith 'Role::One', 'Role::Two';"),
              IsSupersetOf({"word Base::Class", "word Role::One", "word Role::Two"}));
}

TEST(Perl, NamesInQuotesMayBeLoaded) {
  EXPECT_THAT(names("my %m = (cp437 => 'Encode::Byte', x => \"Encode::JP\");"),
              ElementsAre("word Encode::Byte", "word Encode::JP"));
  EXPECT_THAT(names("load($_) for qw(A::B C::D plain);"), ElementsAre("word A::B", "word C::D"));
}

TEST(Perl, AnOpenEndedNameIsAPrefix) {
  EXPECT_THAT(names("my $c = 'Format::' . $x; eval \"require DBD::$driver\";"),
              ElementsAre("prefix Format::", "prefix DBD::"));
  EXPECT_THAT(names("package My::App;\nrequire $x = __PACKAGE__ . '::' . $n;\nuse Module::Implementation;\n"),
              IsSupersetOf({"prefix My::App::"}));
}

TEST(Perl, FilesAndLibraries) {
  EXPECT_THAT(names("do \"unicore/Name.pl\"; require 'sys/ioctl.ph'; open F, '/etc/app.conf';"),
              ElementsAre("file unicore/Name.pl", "file sys/ioctl.ph", "path /etc/app.conf"));
  EXPECT_THAT(names("use FindBin;\nuse lib \"$FindBin::RealBin/../lib\";\nuse lib '/opt/lib', 'local';\n"),
              IsSupersetOf({"library HERE/../lib", "library /opt/lib", "library local"}));
}

TEST(Perl, CommandsGoToAShell) {
  EXPECT_THAT(
      names("my $x = `ls | wc`; system('git', 'x'); exec \"tar xf $f\"; open(P, '-|', 'zcat x'); open(Q, "
            "'id|');"),
      IsSupersetOf({"command ls | wc", "command git", "command tar xf $f", "command zcat x", "command id"}));
}

TEST(Perl, CoreCodeRequiresByItself) {
  EXPECT_THAT(names("print \"\\N{GREEK SMALL LETTER ALPHA}\";"), Contains("require _charnames"));
  EXPECT_THAT(names("use open qw(:std :encoding(UTF-8));"),
              IsSupersetOf({"require PerlIO::encoding", "require Encode"}));
}

TEST(Perl, DocumentationIsNoCode) {
  EXPECT_THAT(names("=head1 NAME\n\nuse Foo::Bar;\n\n=cut\nuse Real::One;\n# use Not::This;\n__END__\nuse "
                    "Not::That;\n"),
              ElementsAre("use Real::One"));
}

TEST(Perl, AnApostropheHidesNothingBehindIt) {
  EXPECT_THAT(names("if (m/it's/) { 1 }\nuse Seen::One;\ns/'//; require Seen::Two;\n"),
              IsSupersetOf({"use Seen::One", "require Seen::Two"}));
}

TEST(Perl, LinesAreCounted) {
  const auto found = scan_perl("\n\nuse A::B;\nuse parent qw(\n C::D\n);\nuse E::F;\n");
  EXPECT_EQ(found.front().line, 3U);
  EXPECT_EQ(found.back().text, "E::F");
  EXPECT_EQ(found.back().line, 7U);
}

TEST(Perl, HostileTextsEnd) {
  for (const std::string_view part :
       {"'", "\"", "qw(", "use ", "'A::", "=x\n", "q{", "\\N{", "`", "use lib '"}) {
    std::string text;
    for (int i = 0; i < 50'000; ++i) text += part;
    EXPECT_THAT(scan_perl(text).size(), testing::Le(most_code_names)) << part;
  }
  EXPECT_THAT(names(std::string("\0\xff\x80", 3)), IsEmpty());
}

TEST(Perl, QuotesInQuotesAreReadSoFarAsAPersonWouldWriteThem) {
  EXPECT_THAT(names("qq(eval q(Foo::Bar); q(A::B)"), ElementsAre("word Foo::Bar", "word A::B"));
  std::string text;
  for (int i = 0; i < 100; ++i) text += "q(";
  EXPECT_THAT(names(text + "A::B)\nq(C::D)"), ElementsAre("word C::D"));
}

TEST(Perl, ALineOfEscapedQuotesIsReadInItsTime) {
  std::string text;
  for (int i = 0; i < 32'000'000; ++i) text += "\"\\";
  EXPECT_THAT(names(text + "\nrequire A::B;\n"), ElementsAre("require A::B"));
  EXPECT_THAT(names(R"(f("a\"\"/x" . '\'', "/y");)"), ElementsAre("path /x", "path /y"));
}

}  // namespace
}  // namespace slim
