#include "analyzer/shell.h"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace slim {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

/// "word" for a command, ". word" for a file that is read.
std::vector<std::string> words(std::string_view script) {
  std::vector<std::string> found;
  for (const ShellCommand& command : shell_commands(script))
    found.push_back((command.sourced ? ". " : "") + command.word);
  return found;
}

std::string repeated(std::string_view text, std::size_t times) {
  std::string all;
  for (std::size_t i = 0; i < times; ++i) all += text;
  return all;
}

TEST(Shell, OnlyTheFirstWordOfACommandIsOne) {
  EXPECT_THAT(words("ls -l /tmp find\n/usr/bin/id -u\n./run now\n"),
              ElementsAre("ls", "/usr/bin/id", "./run"));
  EXPECT_THAT(words("   \t ls\r\n\n\ncat\r\n"), ElementsAre("ls", "cat"));
  EXPECT_THAT(words(""), IsEmpty());
}

TEST(Shell, PipesAndListsStartCommands) {
  EXPECT_THAT(words("a | b|c |& d && e || f ; g & h"), ElementsAre("a", "b", "c", "d", "e", "f", "g", "h"));
  EXPECT_THAT(words("(a; b) | { c; d; }"), ElementsAre("a", "b", "c", "d"));
  EXPECT_THAT(words("! a; time b; time -p c"), ElementsAre("a", "b", "c"));
}

TEST(Shell, BuiltinsAndKeywordsAreNone) {
  EXPECT_THAT(words("cd /; echo ls; [ -x cat ] && printf x; test -f rm; set -e; return 1; exit"), IsEmpty());
  EXPECT_THAT(words("echo if then else; echo case for"), IsEmpty());
}

TEST(Shell, Conditions) {
  EXPECT_THAT(words("if a; then b; elif c; then d; else e; fi; f"),
              ElementsAre("a", "b", "c", "d", "e", "f"));
  EXPECT_THAT(words("if ! grep -q x file; then b\nfi"), ElementsAre("grep", "b"));
}

TEST(Shell, Loops) {
  EXPECT_THAT(words("while a; do b; done; until c\ndo d\ndone | e"), ElementsAre("a", "b", "c", "d", "e"));
  EXPECT_THAT(words("for x in ls cat; do rm; done"), ElementsAre("rm"));
  EXPECT_THAT(words("for x in $(ls)\ndo\n rm\ndone"), ElementsAre("ls", "rm"));
  EXPECT_THAT(words("for arg do rm; done; for arg; do mv; done"), ElementsAre("rm", "mv"));
  EXPECT_THAT(words("for ((i = 0; i < 9; i++)); do rm; done"), ElementsAre("rm"));
}

TEST(Shell, PatternsOfCaseAreNoCommands) {
  EXPECT_THAT(words("case \"$1\" in\n  start) a; b ;;\n  (stop|halt) c;;\n  'x y') ;;\n  *) d\nesac\ne\n"),
              ElementsAre("a", "b", "c", "d", "e"));
  EXPECT_THAT(words("case $(uname) in L*) a;; esac; b"), ElementsAre("uname", "a", "b"));
  EXPECT_THAT(words("case $x in a) case $y in b) c;; d) e;; esac;; f) g;; esac"), ElementsAre("c", "e", "g"));
  EXPECT_THAT(words("case $x in a) b;& c) d;;& e) f;; esac"), ElementsAre("b", "d", "f"));
}

TEST(Shell, FunctionsOfTheScriptAreNoCommands) {
  EXPECT_THAT(words("main() { ls; }\nmain \"$@\"\n"), ElementsAre("ls"));
  EXPECT_THAT(words("late; late () { ls; }; function other { cat; }; other; function last() { rm; }; last"),
              ElementsAre("ls", "cat", "rm"));
  // A wrapper around the program of that name runs the program.
  EXPECT_THAT(words("ls() { command ls -l; }; ls"), ElementsAre("ls"));
}

TEST(Shell, QuotesMakeOneWord) {
  EXPECT_THAT(words("'/opt/my app/run' x; \"/opt/other app\"; /opt/a\\ b; l's' \"c\"at"),
              ElementsAre("/opt/my app/run", "/opt/other app", "/opt/a b", "ls"));
  EXPECT_THAT(words("echo 'a; ls' \"b | cat\" c\\;rm"), IsEmpty());
  EXPECT_THAT(words("'if' x"), ElementsAre("if"));
  EXPECT_THAT(words("echo \"a \\\" ls; b\"; cat"), ElementsAre("cat"));
  EXPECT_THAT(words("echo $'it\\'s; ls'; cat"), ElementsAre("cat"));
}

TEST(Shell, Comments) {
  EXPECT_THAT(words("# ls\na # cat; rm\nb#c # it's\nd"), ElementsAre("a", "b#c", "d"));
  EXPECT_THAT(words("echo $# ls; echo ${#x}; cat"), ElementsAre("cat"));
}

TEST(Shell, HereDocumentsAreText) {
  EXPECT_THAT(words("cat <<EOF | grep x\nls\n it's\nEOF\nrm"), ElementsAre("cat", "grep", "rm"));
  EXPECT_THAT(words("cat <<-'END'\n\tls\n\tEND\nrm"), ElementsAre("cat", "rm"));
  EXPECT_THAT(words("cat << A << B\nls\nA\nmv\nB\nrm"), ElementsAre("cat", "rm"));
  EXPECT_THAT(words("cat <<EOF\n  EOF\nls"), ElementsAre("cat"));
  EXPECT_THAT(words("cat <<< ls; rm"), ElementsAre("cat", "rm"));
}

TEST(Shell, HereDocumentsExpandUnlessTheirDelimiterIsQuoted) {
  EXPECT_THAT(words("cat <<EOF\nnow: $(date) \"`id`\" \\$(no)\nEOF\n"), ElementsAre("cat", "date", "id"));
  EXPECT_THAT(words("cat <<'EOF'\n$(date)\nEOF\n"), ElementsAre("cat"));
}

TEST(Shell, SubstitutionsHoldCommands) {
  EXPECT_THAT(words("x=$(ls | wc); echo \"a $(cat \"$(id)\" b) c\" `rm x`"),
              ElementsAre("ls", "wc", "cat", "id", "rm"));
  EXPECT_THAT(words("echo `a \\`b\\``; c"), ElementsAre("a", "b", "c"));
  EXPECT_THAT(words("x=$(case $y in a) ls;; esac); cat"), ElementsAre("ls", "cat"));
  EXPECT_THAT(words("x=$(ls # it's ) not the end\n); cat"), ElementsAre("ls", "cat"));
  EXPECT_THAT(words("x=$(echo \"it's )\"); cat"), ElementsAre("cat"));
  EXPECT_THAT(words("$(find-it) ls; cat"), ElementsAre("find-it", "cat"));
  EXPECT_THAT(words("diff <(a) >(b) c; d"), ElementsAre("diff", "a", "b", "d"));
}

TEST(Shell, ParameterExpansionsHoldCommandsToo) {
  EXPECT_THAT(words("x=${1:-$(hostname)}; y=\"${y:=`id`}\"; cat"), ElementsAre("hostname", "id", "cat"));
  EXPECT_THAT(words("echo \"${x:-it's}\"; ls; echo ${x%'}'} ${x//\\}/}; cat"), ElementsAre("ls", "cat"));
}

TEST(Shell, ArithmeticIsNoCommand) {
  EXPECT_THAT(words("x=$((a + b)); ((i++)); (( x > 2 )) && ls; echo $(( $(nproc) * 2 ))"),
              ElementsAre("ls", "nproc"));
  EXPECT_THAT(words("((a; b) | c)"), ElementsAre("a", "b", "c"));
}

TEST(Shell, ConditionalExpressionsAreNoCommands) {
  EXPECT_THAT(words("[[ -f x && -n $y || a < b ]] && ls"), ElementsAre("ls"));
  EXPECT_THAT(words("if [[ $x =~ ^(a|b)$ ]]; then ls; fi"), ElementsAre("ls"));
  EXPECT_THAT(words("[[ $x == a &&\n $y == b ]]\nls"), ElementsAre("ls"));
}

TEST(Shell, AssignmentsAreNoCommands) {
  EXPECT_THAT(words("A=1 B='two three' C=\"$(id)\" ls; D=x\ncat"), ElementsAre("id", "ls", "cat"));
  EXPECT_THAT(words("args=(ls cat\n rm) ; more+=(\"$(id)\"); declare -a l=(mv); a[0]=x; cp"),
              ElementsAre("id", "cp"));
}

TEST(Shell, VariablesWithOneConstantValueAreKnown) {
  EXPECT_THAT(words("BIN=/usr/sbin/nginx\n$BIN -t\n\"${BIN}\" x\n$BIN-debug\n"),
              ElementsAre("/usr/sbin/nginx", "/usr/sbin/nginx", "/usr/sbin/nginx-debug"));
  EXPECT_THAT(words("export DIR=/opt/app; readonly BIN=\"$DIR/bin\"; $BIN/run"),
              ElementsAre("/opt/app/bin/run"));
  EXPECT_THAT(words("B=/a; B=/b; $B"), IsEmpty());
  EXPECT_THAT(words("B=/a; B+=/b; $B"), IsEmpty());
  EXPECT_THAT(words("B=/a; for B in x; do $B; done"), IsEmpty());
  EXPECT_THAT(words("B=/a; read -r B; $B"), IsEmpty());
  EXPECT_THAT(words("B=$(ls); $B; $C x; \"$@\"; $1; ${D:-cat}"), ElementsAre("ls"));
  EXPECT_THAT(words("B='xz -d  -c'; S='exec env A=1'; $B file; $S ls; A='B=1 C'; $A; \"$B\""),
              ElementsAre("xz", "env", "ls", "B=1", "xz -d  -c"));
  EXPECT_THAT(words("B='/a'; '$B'"), ElementsAre("$B"));
}

TEST(Shell, WordsThatCannotBeToldAreLeftOut) {
  EXPECT_THAT(words("/opt/*/run; ~/bin/x; /opt/v?/y; cat"), ElementsAre("cat"));
}

TEST(Shell, WrappersNameTheCommandThatTheyRun) {
  EXPECT_THAT(words("exec nginx -g x"), ElementsAre("nginx"));
  EXPECT_THAT(words("exec -a name nginx; exec 3>&1; exec >log 2>&1; exec \"$@\""), ElementsAre("nginx"));
  EXPECT_THAT(words("env -i A=1 -u B python3 x"), ElementsAre("env", "python3"));
  EXPECT_THAT(words("ls | xargs -0 -n 1 -I{} rm -f {}"), ElementsAre("ls", "xargs", "rm"));
  EXPECT_THAT(words("exec gosu postgres postgres -D x"), ElementsAre("gosu", "postgres"));
  EXPECT_THAT(words("exec gosu postgres \"$@\"; su-exec user:group ls"),
              ElementsAre("gosu", "su-exec", "ls"));
  EXPECT_THAT(words("/sbin/tini -g -- java -jar x"), ElementsAre("/sbin/tini", "java"));
  EXPECT_THAT(words("timeout -k 5 --signal=KILL 10s curl x; timeout -s INT 3 wget"),
              ElementsAre("timeout", "curl", "timeout", "wget"));
  EXPECT_THAT(words("nohup nice -n 5 setpriv --reuid 5 --clear-groups ls &"),
              ElementsAre("nohup", "nice", "setpriv", "ls"));
  EXPECT_THAT(words("command ls; command -v curl; builtin cd /"), ElementsAre("ls"));
}

TEST(Shell, TextThatAShellReadsIsAScript) {
  EXPECT_THAT(
      words("sh -c 'ls | cat'; bash -euo pipefail -c \"rm x\"; eval 'mv a b'; trap 'kill 0; sync' EXIT"),
      ElementsAre("sh", "ls", "cat", "bash", "rm", "mv", "sync"));
  EXPECT_THAT(words("exec su-exec app sh -c 'ls'"), ElementsAre("su-exec", "sh", "ls"));
  EXPECT_THAT(words("trap - EXIT; eval \"$x\"; sh /opt/x.sh; watch -n 2 'df -h'"),
              ElementsAre("sh", ". /opt/x.sh", "watch", "df"));
}

TEST(Shell, SourcedFiles) {
  EXPECT_THAT(words(". /etc/profile.d/x.sh; source ./env.sh arg; . \"$x\"; if . ./y; then z; fi"),
              ElementsAre(". /etc/profile.d/x.sh", ". ./env.sh", ". ./y", "z"));
}

TEST(Shell, RedirectionsAreNoWords) {
  EXPECT_THAT(words(">out ls 2>&1; <in cat >>ls 2>/dev/null arg; rm &>x; mv >&2 y; 2>err cp"),
              ElementsAre("ls", "cat", "rm", "mv", "cp"));
  EXPECT_THAT(words("while a; do b; done < <(c); d 3<&0 4>|x | e"), ElementsAre("a", "b", "c", "d", "e"));
}

TEST(Shell, LinesAreThoseOfTheWords) {
  const std::string script =
      "#!/bin/sh\n"                           // 1
      "a \\\n  b; c\n"                        // 2, 3
      "cat <<E\nx\n$(d)\nE\n"                 // 4 to 7
      "echo 'one\ntwo' \"three\nfour\"; e\n"  // 8 to 10
      "x=$(\nf\n); g\n"                       // 11 to 13
      "y=`\nh`; i\n"                          // 14, 15
      "case $z in\n a) j;;\nesac; k";         // 16 to 18
  std::vector<std::string> found;
  for (const ShellCommand& command : shell_commands(script))
    found.push_back(command.word + " " + std::to_string(command.line));
  EXPECT_THAT(found, ElementsAre("a 2", "c 3", "cat 4", "d 6", "e 10", "f 12", "g 13", "h 15", "i 15", "j 17",
                                 "k 18"));
}

TEST(Shell, UnterminatedScriptsEndWhereTheyEnd) {
  EXPECT_THAT(words("ls; echo 'x; cat"), ElementsAre("ls"));
  EXPECT_THAT(words("ls; echo \"x $(cat"), ElementsAre("ls", "cat"));
  EXPECT_THAT(words("ls; `cat"), ElementsAre("ls", "cat"));
  for (const std::string_view end :
       {"\\",  "$",        "$(", "${",    "$((",  "((",     "<<",     "<<-",      "<",    ">&",
        "&>",  "<(",       "$'", "$'\\",  "\"\\", "`\\",    "x=(",    "x() ",     "case", "case x in",
        "for", "function", ". ", "exec ", "[[ ",  "[[ a &", "sh -c ", "cat <<E\n"}) {
    EXPECT_THAT(words("ls; " + std::string(end)), Contains("ls")) << end;
  }
}

TEST(Shell, HostileNestingIsGivenUpInLinearTime) {
  constexpr std::size_t many = 100'000;
  EXPECT_THAT(words("ls; " + repeated("(", many)), ElementsAre("ls"));
  EXPECT_THAT(words("ls; " + repeated("( ", many) + "cat" + repeated(" )", many)), ElementsAre("ls", "cat"));
  EXPECT_THAT(words("ls; " + repeated("((", many) + repeated(" )", many) + "x"), Contains("ls"));
  for (const std::string_view opening :
       {"$(",      "${",        "$((",   "`",        "\"$(",       "\"${x",  "${x:-\"",
        "<(",      "$((1+$(",   "(($((", "x=(",      "case x in ", "eval '", "env ",
        "env -u ", "cat <<E\n", "x() ",  "sh -c \"", "(( $( (",    "[[ ",    "{ "}) {
    EXPECT_THAT(words("ls; " + repeated(opening, many)), Contains("ls")) << opening;
  }
}

TEST(Shell, ConstantsCannotBeGrownWithoutEnd) {
  std::string script = "A=" + std::string(4000, 'x') + "\n";
  for (char name = 'B'; name <= 'Z'; ++name) {
    const std::string before(1, static_cast<char>(name - 1));
    script += std::string(1, name) + "=$" + before + "$" + before + "\n";
  }
  EXPECT_THAT(words(script + "$Z; ls"), ElementsAre("ls"));
  EXPECT_THAT(words("A=" + std::string(4000, 'x') + "; " + repeated("$A", 50'000) + "; ls"),
              ElementsAre("ls"));
}

TEST(Shell, BinaryBytesAreNoNames) {
  std::string bytes;
  for (int round = 0; round < 64; ++round) {
    for (int value = 0; value < 256; ++value) bytes += static_cast<char>((value * (2 * round + 1)) & 0xff);
  }
  for (const std::string& word : words(bytes)) {
    EXPECT_THAT(word, Not(Contains('\0')));
    EXPECT_THAT(word, Not(Contains('\x7f')));
  }
  EXPECT_THAT(words(std::string("ls\n\0\1\2 cat\nrm\xff\n", 15)), ElementsAre("ls", "rm\xff"));
}

}  // namespace
}  // namespace slim
