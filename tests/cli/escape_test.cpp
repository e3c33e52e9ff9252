#include "cli/escape.h"

#include <string>
#include <string_view>

#include <gtest/gtest.h>

namespace slim {
namespace {

TEST(TerminalText, LeavesPlainTextAlone) {
  for (const std::string_view text :
       {"", "/usr/lib/libz.so.1", "naïve", "日本語", "a::b", "::1", "# x [y]", "🐟"})
    EXPECT_EQ(terminal_text(text), text);
}

TEST(TerminalText, EscapesControlCharacters) {
  EXPECT_EQ(terminal_text("a\x1b[31mred\x1b[0m"), "a\\x1b[31mred\\x1b[0m");
  EXPECT_EQ(terminal_text("\x1b]0;title\x07"), "\\x1b]0;title\\x07");
  EXPECT_EQ(terminal_text("a\rb\bc\x7f"), "a\\x0db\\x08c\\x7f");
  EXPECT_EQ(terminal_text(std::string_view("nul\0end", 7)), "nul\\x00end");
}

TEST(TerminalText, EscapesControlCharactersBeyondAscii) {
  EXPECT_EQ(terminal_text("\u009b31m"), "\\u{009b}31m") << "a control sequence in one character";
}

TEST(TerminalText, HasNoLineBreaks) {
  EXPECT_EQ(terminal_text("a\n::error::b\r\n\tc"), "a\\x0a::error::b\\x0d\\x0a\\x09c");
  EXPECT_EQ(terminal_text("a\u2028b\u2029c\u0085d"), "a\\u{2028}b\\u{2029}c\\u{0085}d");
}

TEST(TerminalText, ShowsInvalidUtf8ByteByByte) {
  EXPECT_EQ(terminal_text("\xff\xfe"), "\\xff\\xfe");
  EXPECT_EQ(terminal_text("a\xc3"), "a\\xc3") << "cut off";
  EXPECT_EQ(terminal_text("\xc3(\xa9"), "\\xc3(\\xa9");
  EXPECT_EQ(terminal_text("\xc0\xaf"), "\\xc0\\xaf") << "two bytes for a slash";
  EXPECT_EQ(terminal_text("\xe0\x80\xaf"), "\\xe0\\x80\\xaf") << "three bytes for a slash";
  EXPECT_EQ(terminal_text("\xed\xa0\x80"), "\\xed\\xa0\\x80") << "half of a surrogate pair";
  EXPECT_EQ(terminal_text("\xf4\x90\x80\x80"), "\\xf4\\x90\\x80\\x80") << "above U+10FFFF";
}

TEST(TerminalText, EscapesWhatMisleads) {
  EXPECT_EQ(terminal_text("a\u202eb"), "a\\u{202e}b") << "right-to-left override";
  EXPECT_EQ(terminal_text("\u2066\u2069\u200f\u061c"), "\\u{2066}\\u{2069}\\u{200f}\\u{061c}")
      << "bidi marks";
  EXPECT_EQ(terminal_text("a\u200bb\ufeff"), "a\\u{200b}b\\u{feff}") << "no width";
  EXPECT_EQ(terminal_text("\U000e0041"), "\\u{e0041}") << "a tag";
}

TEST(TerminalText, IsNoCommandOfACiService) {
  EXPECT_EQ(terminal_text("::error file=a::b"), "\\x3a\\x3aerror file=a::b");
  EXPECT_EQ(terminal_text("  ::set-output name=a::b"), "  \\x3a\\x3aset-output name=a::b")
      << "blanks do not hide it";
  EXPECT_EQ(terminal_text("a ##vso[task.x]b"), "a \\x23\\x23vso[task.x]b");
  EXPECT_EQ(terminal_text("a ##[error]b"), "a \\x23\\x23[error]b");
}

TEST(TerminalText, CutsByCodePoints) {
  EXPECT_EQ(terminal_text("0123456789", 10), "0123456789");
  EXPECT_EQ(terminal_text("0123456789", 7), "012…789");
  EXPECT_EQ(terminal_text("0123456789", 8), "012…6789");
  EXPECT_EQ(terminal_text("äöüäöüäöü", 5), "äö…öü");
  EXPECT_EQ(terminal_text("äöüäöüäöü", 9), "äöüäöüäöü");
  EXPECT_EQ(terminal_text("0123456789", 3), "012");
  EXPECT_EQ(terminal_text("0123456789", 0), "");
}

TEST(TerminalText, CutsWhatIsEscaped) {
  EXPECT_EQ(terminal_text("\x1b\x1b\x1b", 11), "\\x1b\\…b\\x1b") << "the escapes are what takes place";
}

TEST(TerminalLines, PutsThePrefixBeforeEachLine) {
  EXPECT_EQ(terminal_lines("a\nb\tc\n", "> "), "> a\n> b\tc\n");
  EXPECT_EQ(terminal_lines("no end", "  "), "  no end\n");
  EXPECT_EQ(terminal_lines("", "  "), "");
  EXPECT_EQ(terminal_lines("a\n\nb", "|"), "|a\n|\n|b\n");
}

TEST(TerminalLines, EscapesTheRest) {
  EXPECT_EQ(terminal_lines("a\r\x1b[2J\n", " "), " a\\x0d\\x1b[2J\n");
  EXPECT_EQ(terminal_lines("a\n ::warning::b\n", "    "), "    a\n     \\x3a\\x3awarning::b\n");
}

TEST(Redacted, ByName) {
  for (const std::string_view name :
       {"PASSWORD", "db_password", "GITHUB_TOKEN", "MY_SECRET", "API_KEY", "ApiKey", "AWS_ACCESS_KEY_ID",
        "PRIVATE_KEY", "CREDENTIALS", "BASIC_AUTH", "MYSQL_PWD"})
    EXPECT_EQ(redacted(name, "hunter2"), "***") << name;
}

TEST(Redacted, ByShape) {
  for (const std::string_view value :
       {"ghp_0123456789abcdefghij", "glpat-0123456789abcdef", "AKIA0123456789ABCDEF",
        "-----BEGIN RSA PRIVATE KEY-----", "eyJhbGciOiJIUzI1NiJ9.e30.x", "xoxb-0123456789-0123456789"})
    EXPECT_EQ(redacted("VALUE", value), "***") << value;
}

TEST(Redacted, PasswordsInUrls) {
  EXPECT_EQ(redacted("DB", "postgres://user:hunter2@db:5432/x"), "***");
  EXPECT_EQ(redacted("DB", "to me@home: redis://:hunter2@db"), "***");
  EXPECT_EQ(redacted("DB", "http://user:p/a@ss@db"), "***");
}

TEST(Redacted, AuthorsAreNoSecret) {
  EXPECT_EQ(redacted("org.opencontainers.image.authors", "somebody"), "somebody");
}

TEST(RedactedWords, TakesTheValuesOutOfACommand) {
  EXPECT_EQ(redacted_words("RUN |2 API_TOKEN=abc MODE=fast /bin/sh -c make"),
            "RUN |2 API_TOKEN=*** MODE=fast /bin/sh -c make");
  EXPECT_EQ(redacted_words("curl --password=x  -o y"), "curl --password=***  -o y");
  EXPECT_EQ(redacted_words("git clone https://me:abc@host/x\tdone"), "git clone ***\tdone");
  EXPECT_EQ(redacted_words("plain words = nothing"), "plain words = nothing");
  EXPECT_EQ(redacted_words(""), "");
}

TEST(RedactedArguments, TakesWhatFollowsASecretOption) {
  EXPECT_EQ(redacted_arguments({"mysql", "--password", "hunter2", "-u", "root", "--token=abc",
                                "DB_PASSWORD=x", "--pass", "--quiet", "postgres://u:p@h/db"}),
            (std::vector<std::string>{"mysql", "--password", "***", "-u", "root", "--token=***",
                                      "DB_PASSWORD=***", "--pass", "--quiet", "***"}));
  EXPECT_EQ(redacted_arguments({"sh", "-c", "exec db --password hunter2 A_TOKEN=x /data"}),
            (std::vector<std::string>{"sh", "-c", "exec db --password *** A_TOKEN=*** /data"}));
  EXPECT_TRUE(redacted_arguments({}).empty());
}

TEST(Redacted, LeavesTheRestAlone) {
  EXPECT_EQ(redacted("PATH", "/usr/bin:/bin"), "/usr/bin:/bin");
  EXPECT_EQ(redacted("PWD", "/app"), "/app");
  EXPECT_EQ(redacted("MAIL", "someone@example.org"), "someone@example.org");
  EXPECT_EQ(redacted("URL", "http://example.org:80/x"), "http://example.org:80/x");
  EXPECT_EQ(redacted("URL", "ssh://git@example.org/x"), "ssh://git@example.org/x");
  EXPECT_EQ(redacted("SHORT", "AKIA"), "AKIA");
  EXPECT_EQ(redacted("PASSWORD", ""), "") << "nothing to hide";
}

}  // namespace
}  // namespace slim
