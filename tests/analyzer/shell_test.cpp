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
    found.push_back((command.sourced() ? ". " : "") + command.word);
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

TEST(Shell, VariablesWithConstantValuesAreKnown) {
  EXPECT_THAT(words("BIN=/usr/sbin/nginx\n$BIN -t\n\"${BIN}\" x\n$BIN-debug\n"),
              ElementsAre("/usr/sbin/nginx", "/usr/sbin/nginx", "/usr/sbin/nginx-debug"));
  EXPECT_THAT(words("export DIR=/opt/app; readonly BIN=\"$DIR/bin\"; $BIN/run"),
              ElementsAre("/opt/app/bin/run"));
  EXPECT_THAT(words("B=$(ls); $B; $C x; \"$@\"; $1; \"$1/x\""), ElementsAre("ls"));
  EXPECT_THAT(words("B='xz -d  -c'; S='exec env A=1'; $B file; $S ls; A='B=1 C'; $A; \"$B\""),
              ElementsAre("xz", "env", "ls", "B=1", "xz -d  -c"));
  EXPECT_THAT(words("B='/a'; '$B'"), ElementsAre("$B"));
}

TEST(Shell, AVariableHasEachOfItsValues) {
  EXPECT_THAT(words("if a; then B=/a; else B=/b; fi; exec $B"), ElementsAre("a", "/a", "/b"));
  EXPECT_THAT(words("B=/a; B+=/b; $B; read -r B; $B"), ElementsAre("/a", "/a/b", "/a", "/a/b"));
  EXPECT_THAT(words("for B in x y; do /opt/$B/run; done"), ElementsAre("/opt/x/run", "/opt/y/run"));
  EXPECT_THAT(words("run() { $TOOL; }; TOOL=/bin/late; run"), ElementsAre("/bin/late"));
  EXPECT_THAT(shell_commands("A=/a; $A").front().certain, true);
  EXPECT_THAT(shell_commands("A=/a; A=/b; $A").front().certain, false);
}

TEST(Shell, DefaultsAreValues) {
  EXPECT_THAT(words("${D:-cat}; ${D-ls} x; \"${1:-rm}\"; : ${E:=mv}; $E; ${E:+cp}"),
              ElementsAre("cat", "ls", "rm", "mv", "cp"));
  EXPECT_THAT(words("H=${JAVA_HOME:-/usr/lib/jvm}; \"$H/bin/java\""), ElementsAre("/usr/lib/jvm/bin/java"));
  const auto facts = read_shell("\"$H/bin/java\"", {{"H", "/opt/jdk"}});
  EXPECT_EQ(facts.commands.front().word, "/opt/jdk/bin/java");
}

TEST(Shell, WhatCutsPathsIsFollowed) {
  EXPECT_THAT(words("A=/opt/x/y.sh; ${A%/*}/z; \"$(dirname \"$A\")/w\"; /b/${A##*/}; ${A%.sh}; ${A#/opt}"),
              ElementsAre("/opt/x/z", "dirname", "/opt/x/w", "/b/y.sh", "/opt/x/y", "/x/y.sh"));
  EXPECT_THAT(words("J=$(command -v java); exec \"$J\" x; $(which ls)"),
              ElementsAre("java", "java", "which", "ls", "ls"));
  EXPECT_THAT(words("A=/opt/x; ${A/x/y}; ${A^^}; ${A:1}; ${#A}; ${!A}"), IsEmpty());
}

TEST(Shell, ThePathOfTheScriptIsMarked) {
  EXPECT_THAT(words("d=\"$(cd \"$(dirname \"${BASH_SOURCE[0]}\")\" && pwd)\"; . \"$d/lib.sh\""),
              Contains(". \2/lib.sh"));
  EXPECT_THAT(words("d=`dirname $0`/..; \"$d/bin/x\""), Contains("\2/../bin/x"));
  EXPECT_THAT(words("here=${0%/*}; $here/y; exec \"$0\" again"), ElementsAre("\2/y", "\1"));
  EXPECT_THAT(words("s=$(readlink -f -- \"$0\"); . \"$(dirname -- \"$s\")/z\""), Contains(". \2/z"));
  EXPECT_THAT(words("a$0; x\2; \3"), IsEmpty());
}

TEST(Shell, PatternsAreKeptAsPatterns) {
  const auto commands = shell_commands("/opt/*/run; ~/bin/x; . /etc/app.d/*.sh; /opt/app/$1; $1/x; cat");
  std::vector<std::string> found;
  for (const ShellCommand& command : commands) found.push_back(command.word + (command.glob ? " glob" : ""));
  EXPECT_THAT(found, ElementsAre("/opt/*/run glob", "/etc/app.d/*.sh glob", "/opt/app/* glob", "cat"));
  EXPECT_THAT(words("for f in /docker.d/*.sh; do case $f in *.sh) . \"$f\";; esac; done"),
              ElementsAre(". /docker.d/*.sh"));
  EXPECT_THAT(words("for f in $(ls /d/*.sh); do \"$f\"; done; for g in `find /e -type f`; do $g; done"),
              ElementsAre("ls", "/d/*.sh", "find", "/e/**"));
}

/// Each argument's values with | between them; ? for one that cannot be told.
std::vector<std::string> arguments(std::string_view script, std::size_t command = 0) {
  std::vector<std::string> found;
  const std::vector<ShellCommand> commands = shell_commands(script);
  for (const ShellArgument& argument : commands.at(command).arguments) {
    std::string all = argument.values.empty() ? "?" : argument.values[0];
    if (argument.forwards) all = "@";
    for (std::size_t i = 1; i < argument.values.size(); ++i) all += "|" + argument.values[i];
    found.push_back(all);
  }
  return found;
}

TEST(Shell, ArgumentsGoWithTheirCommand) {
  EXPECT_THAT(arguments("python3 -m app.main 'a b' >log 2>&1; ls x"), ElementsAre("-m", "app.main", "a b"));
  EXPECT_THAT(arguments("exec java $OPTS -jar /x.jar \"$X\" \"$@\""),
              ElementsAre("-jar", "/x.jar", "?", "@"));
  EXPECT_THAT(arguments("exec gosu postgres \"$BASH_SOURCE\" \"$@\"", 1), ElementsAre("@"));
  EXPECT_THAT(arguments("O='-c /etc/fpm.conf'; php-fpm $O"), ElementsAre("-c", "/etc/fpm.conf"));
  EXPECT_THAT(arguments("M=a; M=b; python3 -m $M ${N:-c}"), ElementsAre("-m", "a|b", "c"));
  EXPECT_THAT(arguments("P=p1; P=p2; $P -x", 1), ElementsAre("-x"));
  EXPECT_THAT(arguments("env A=1 node server.js", 1), ElementsAre("server.js"));
}

TEST(Shell, CommandsBehindOptionsOfOthers) {
  EXPECT_THAT(words("find /x -name 'y' -exec gzip -9 {} \\; -exec chmod 600 {} +"),
              ElementsAre("find", "gzip", "chmod"));
  EXPECT_THAT(words("su - app -s /bin/dash -c 'ls | wc'; start-stop-daemon --start --exec /bin/d -- -f"),
              ElementsAre("su", "/bin/dash", "ls", "wc", "start-stop-daemon", "/bin/d"));
}

TEST(Shell, WordsThatAreRunElsewhere) {
  EXPECT_THAT(words("cmd=(python3 -m app); cmd+=(-x); exec \"${cmd[@]}\""), ElementsAre("python3"));
  EXPECT_THAT(arguments("cmd=(python3 -m app); cmd+=(-x); exec \"${cmd[@]}\" y"),
              ElementsAre("-m", "app", "-x", "y"));
  EXPECT_THAT(words("if x; then set -- redis-server \"$@\"; fi; exec \"$@\""),
              ElementsAre("x", "redis-server"));
  EXPECT_THAT(words("set -- -a \"$@\"; set -eu; set -o pipefail; exec \"$@\""), IsEmpty());
  EXPECT_THAT(words("as() { gosu app \"$@\"; }; as env A=1 ls -l; other ls"),
              ElementsAre("gosu", "other", "env", "ls"));
}

TEST(Shell, HereDocumentsMayBeScripts) {
  EXPECT_THAT(words("sh <<'E'\nls\nE\nbash -s x <<E\nrm\nE\nsh /x.sh <<E\nmv\nE\n"),
              ElementsAre("sh", "ls", "bash", ". x", "sh", ". /x.sh"));
  EXPECT_EQ(shell_commands("python3 - <<'E'\nimport json\nE\n").at(0).input, "import json\n");
  EXPECT_THAT(shell_commands("psql <<E; ls\nselect 1;\nE\n").at(1).input, IsEmpty());
}

TEST(Shell, PathsWithValuesInThem) {
  std::vector<std::string> found;
  for (const ShellPath& path :
       read_shell("D=/srv/app; cat \"$D/a.txt\" <$D/in >$D/out; X=$D/x; [ -f \"$D/b\" ]; cat /c $D/*.d $1/y")
           .paths)
    found.push_back(path.text + (path.glob ? " glob" : ""));
  EXPECT_THAT(found, ElementsAre("/srv/app/a.txt", "/srv/app/in", "/srv/app/out", "/srv/app/x", "/srv/app/b",
                                 "/srv/app/*.d glob"));
}

TEST(Shell, FoldersThatTheScriptSearchesAndGoesTo) {
  const auto facts =
      read_shell("PATH=$PATH:/opt/a/bin; export PATH=\"$(dirname \"$0\")/b:$PATH\"; cd /srv; cd -- $1",
                 {{"PATH", "/usr/bin"}});
  EXPECT_THAT(facts.search_path, ElementsAre("/usr/bin", "/opt/a/bin", "\2/b"));
  EXPECT_THAT(facts.folders, ElementsAre("/srv"));
}

TEST(Shell, TextsWithValuesAreScriptsToo) {
  EXPECT_THAT(words("C='ls | wc'; eval \"$C\"; eval exec $C"), Contains("ls"));
  EXPECT_THAT(words("T=/tmp/x; trap \"rm $T\" EXIT; sh -c \"cat $T\""), ElementsAre("rm", "sh", "cat"));
}

TEST(Shell, WordsThatCannotBeToldAreLeftOut) {
  EXPECT_THAT(words("~/bin/x; \"$1\"; $1/x; ./$x; /$x; cat"), ElementsAre("cat"));
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
  EXPECT_THAT(words("command ls; builtin cd /"), ElementsAre("ls"));
  EXPECT_EQ(shell_commands("command -v curl >/dev/null").at(0).use, ShellUse::asked);
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

TEST(Shell, FilesThatShellsReadAreKnown) {
  EXPECT_TRUE(is_shell_library("/opt/lib/x.sh", ""));
  EXPECT_TRUE(is_shell_library("/etc/apache2/envvars", "# comment\nexport APACHE_RUN_USER=www-data\n"));
  EXPECT_TRUE(is_shell_library("/usr/lib/app/functions", "log_it () {\n  logger x\n}\n"));
  EXPECT_TRUE(is_shell_library("/etc/default/app.conf", "if [ -x /bin/a ]; then\n  A=1\nfi\n"));
  EXPECT_FALSE(is_shell_library("/etc/services", "ssh 22/tcp\nexport it all\n"));
  EXPECT_FALSE(is_shell_library("/app/x.json", "export A=1\n"));
  EXPECT_FALSE(is_shell_library("/usr/lib/app/README", "call main() when done, export what you like\n"));
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
       {"$(",       "${",    "$((",   "`",          "\"$(",    "\"${x", "${x:-\"", "<(",
        "$((1+$(",  "(($((", "x=(",   "case x in ", "eval '",  "env ",  "env -u ", "cat <<E\n",
        "sh <<E\n", "x() ",  "${x:=", "sh -c \"",   "(( $( (", "[[ ",   "{ "}) {
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
  EXPECT_THAT(words("A=" + std::string(4000, 'x') + "; " + repeated("$A", 50'000) + "; ls"), Contains("ls"));
  EXPECT_THAT(words("A='eval $A; eval $A'; eval \"$A\"; ls"), Contains("ls"));
  EXPECT_THAT(words("ls; a=(\"${a[@]}\" x); f() { f \"$@\" \"$@\"; \"$@\"; }; f f f; " +
                    repeated("a+=(ls ls ls); \"${a[@]}\" ", 20'000)),
              Contains("ls"));
  EXPECT_THAT(words(repeated("B=x; B=y; C=$B$B$B$B; D=\"$C$C$C\" $D/a $C/b \n", 10'000) + "ls"),
              Contains("ls"));
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
