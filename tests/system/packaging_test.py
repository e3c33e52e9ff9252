#!/usr/bin/python3
"""Where people install slim: cmake --install, a Debian package, completions in the shells themselves, the manual page as
formatters read it, docker's plug-in, and a container image of slim that slim has made.

    packaging_test.py BUILD-FOLDER
"""

import gzip
import os
import shutil
import subprocess
import sys
import unittest

from slim_program import PROGRAM, SOURCE, SystemTest, main, need_program, need_root, original_of, slim

BUILD = os.path.abspath(sys.argv[1]) if len(sys.argv) > 1 else os.path.join(SOURCE, "build")


def run(*argv, **more):
    return subprocess.run([str(word) for word in argv], capture_output=True, text=True, check=False, timeout=600, **more)


class Installed(SystemTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.prefix = os.path.join(BUILD, "installed")
        shutil.rmtree(cls.prefix, ignore_errors=True)
        done = run("cmake", "--install", BUILD, "--prefix", cls.prefix)
        if done.returncode:
            raise AssertionError(done.stderr)

    @classmethod
    def tearDownClass(cls):
        shutil.rmtree(cls.prefix)

    def file(self, *parts):
        path = os.path.join(self.prefix, *parts)
        self.assertTrue(os.path.exists(path), path)
        return path

    def test_the_program_runs_from_there_with_its_rules(self):
        self.assert_status(slim("--version", program=self.file("bin", "slim")), 0)
        self.assertIn("glibc-nss", slim("rules", "list", program=self.file("bin", "slim")).out)

    def bash(self, *words, cwd=None):
        script = 'source "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _slim 2>/dev/null; printf "%s\\n" "${COMPREPLY[@]}"'
        done = run("bash", "--norc", "-c", script, "bash", self.file("share/bash-completion/completions/slim"), *words,
                   cwd=cwd or self.folder)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        return sorted(done.stdout.split())

    def test_bash_completes(self):
        self.assertIn("analyze", self.bash("slim", ""))
        self.assertEqual(self.bash("slim", "bui"), ["build"])
        self.assertEqual(self.bash("slim", "build", "x", "--prof"), ["--profile"])
        self.assertEqual(self.bash("slim", "build", "--profile", ""), ["balanced", "minimal", "safe"])
        self.assertEqual(self.bash("slim", "build", "--profile", "=", "s"), ["safe"])
        self.assertEqual(self.bash("slim", "build", "--profile", "="), ["balanced", "minimal", "safe"])
        self.assertEqual(self.bash("slim", "rules", ""), sorted(["--help", "-h", "check", "list"]))
        self.assertEqual(self.bash("slim", "rules", "list", "--ru"), ["--rules"])
        self.assertEqual(self.bash("slim", "build", "--heal", ""), [])

    def test_bash_completes_files(self):
        os.mkdir(self.path("files"))
        for name in ("image.tar", "rules.json"):
            with open(self.path("files", name), "w", encoding="utf-8"):
                pass
        there = self.path("files")
        self.assertEqual(self.bash("slim", "analyze", "im", cwd=there), ["image.tar"])
        self.assertEqual(self.bash("slim", "analyze", "docker-archive", ":", "im", cwd=there), ["image.tar"])
        self.assertEqual(self.bash("slim", "analyze", "docker-archive", ":", cwd=there), ["image.tar", "rules.json"])
        self.assertEqual(self.bash("slim", "build", "x", "--rules", "r", cwd=there), ["rules.json"])
        self.assertEqual(self.bash("slim", "build", "docker-", cwd=there), ["docker-archive:", "docker-daemon:"])

    def test_the_bash_script_is_sound(self):
        need_program("shellcheck")
        done = run("shellcheck", self.file("share/bash-completion/completions/slim"))
        self.assertEqual((done.returncode, done.stdout), (0, ""))

    def test_fish_completes(self):
        need_program("fish")
        script = self.file("share/fish/vendor_completions.d/slim.fish")

        def complete(line):
            done = run("fish", "--no-config", "-c", 'source $argv[1]; complete -C $argv[2]', script, line,
                       env={**os.environ, "HOME": self.folder})
            self.assertEqual((done.returncode, done.stderr), (0, ""))
            return [found.split("\t")[0] for found in done.stdout.splitlines()]

        self.assertEqual(complete("slim bui"), ["build"])
        self.assertEqual(complete("slim build x --prof"), ["--profile"])
        self.assertEqual(sorted(complete("slim build --profile ")), ["balanced", "minimal", "safe"])
        self.assertEqual(sorted(complete("slim rules ")), ["check", "list"])
        self.assertNotIn("--heal", complete("slim analyze --"))

    def test_zsh_completes(self):
        need_program("zsh")
        script = self.file("share/zsh/vendor-completions/_slim")
        checked = run("zsh", "-n", script)
        self.assertEqual((checked.returncode, checked.stderr), (0, ""))
        # In a terminal of its own, as zsh completes nowhere else: the line is typed, and what it became is printed.
        driver = r'''
zmodload zsh/zpty
zpty shell zsh -f -i
zpty -w shell "PS1=; unsetopt beep; autoload -Uz compinit; compinit -D -u; source $1; zle -N show; show() { print -r -- \"<\$BUFFER>\"; exit }; bindkey '^X' show; bindkey '^I' expand-or-complete; print ready"
zpty -r shell out '*ready*' ; zpty -r shell out '*ready*'
zpty -n -w shell "$2"$'\t\x18'
zpty -r shell out '*<*>*' && print -r -- "${${out##*<}%%>*}"
zpty -d shell
'''
        for typed, completed in (("slim bui", "slim build "), ("slim build --prof", "slim build --profile="),
                                 ("slim build --profile=saf", "slim build --profile=safe "),
                                 ("slim rules lis", "slim rules list ")):
            done = run("timeout", "60", "zsh", "-f", "-c", driver, "zsh", script, typed, env={**os.environ, "HOME": self.folder})
            self.assertEqual(done.stdout.strip("\r\n"), completed, done)

    def test_the_manual_is_sound(self):
        with gzip.open(self.file("share/man/man1/slim.1.gz"), "rt", encoding="utf-8") as page:
            text = page.read()
        for command in ("analyze", "build", "verify", "rules check"):
            self.assertIn("\\fBslim %s\\fR" % command.replace("-", "\\-"), text)
        with open(self.path("slim.1"), "w", encoding="utf-8") as page:
            page.write(text)
        need_program("groff")
        formatted = run("groff", "-man", "-Tutf8", "-ww", "-z", self.path("slim.1"))
        self.assertEqual((formatted.returncode, formatted.stderr), (0, ""))

    def test_mandoc_finds_nothing_wrong(self):
        need_program("mandoc")
        with gzip.open(self.file("share/man/man1/slim.1.gz"), "rt", encoding="utf-8") as page:
            done = run("mandoc", "-T", "lint", "-W", "warning", input=page.read())
        findings = [line for line in done.stdout.splitlines() if "missing date" not in line]
        self.assertEqual(findings, [])

    def test_docker_lists_and_starts_it(self):
        need_program("docker")
        plugins = self.path(".docker", "cli-plugins")
        os.makedirs(plugins)
        link = os.path.join(self.prefix, "libexec", "docker", "cli-plugins", "docker-slim")
        self.assertEqual(os.readlink(link), "../../../bin/slim")
        os.symlink(self.file("libexec", "docker", "cli-plugins", "docker-slim"), os.path.join(plugins, "docker-slim"))
        home = {**os.environ, "HOME": self.folder, "DOCKER_CONFIG": self.path(".docker"), "DOCKER_HOST": "unix:///nonexistent"}
        listed = run("docker", "--help", env=home)
        self.assertRegex(listed.stdout, r"slim\* +Make images minimal")
        version = run("docker", "slim", "--version", env=home)
        self.assertEqual((version.returncode, version.stdout), (0, slim("--version").out))
        wrong = run("docker", "slim", "nonsense", env=home)
        self.assertEqual(wrong.returncode, 2)
        self.assertIn("slim: error:", wrong.stderr)


class Package(SystemTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        for program in ("dpkg-deb", "dpkg-shlibdeps"):
            need_program(program)
        cls.made = os.path.join(BUILD, "package-test")
        shutil.rmtree(cls.made, ignore_errors=True)
        done = run("cpack", "-G", "DEB", "-B", cls.made, "--config", os.path.join(BUILD, "CPackConfig.cmake"))
        if done.returncode:
            raise AssertionError(done.stdout + done.stderr)
        (name,) = [name for name in os.listdir(cls.made) if name.endswith(".deb")]
        cls.package = os.path.join(cls.made, name)

    @classmethod
    def tearDownClass(cls):
        shutil.rmtree(cls.made)

    def field(self, name):
        return run("dpkg-deb", "-f", self.package, name).stdout.strip()

    def test_it_depends_on_what_the_program_is_linked_with(self):
        depends = self.field("Depends")
        for library in ("libarchive13", "libisal2", "libzstd1", "libssl3"):
            self.assertIn(library, depends)
        self.assertIn("runc | crun", self.field("Recommends"))
        self.assertEqual(self.field("Version"), slim("--version").out.split()[1])

    def test_it_has_everything_in_its_place(self):
        listed = {line.split()[5] for line in run("dpkg-deb", "-c", self.package).stdout.splitlines()}
        for path in ("bin/slim", "share/man/man1/slim.1.gz", "share/bash-completion/completions/slim",
                     "share/zsh/vendor-completions/_slim", "share/fish/vendor_completions.d/slim.fish",
                     "libexec/docker/cli-plugins/docker-slim"):
            self.assertIn("./usr/" + path, listed)
        owners = {line.split()[1] for line in run("dpkg-deb", "-c", self.package).stdout.splitlines()}
        self.assertEqual(owners, {"root/root"})

    def test_what_is_in_it_runs(self):
        self.assertEqual(run("dpkg-deb", "-x", self.package, self.path("root")).returncode, 0)
        self.assert_status(slim("analyze", original_of("static"), program=self.path("root", "usr", "bin", "slim")), 0)


class ContainerImage(SystemTest):
    def test_slim_slims_itself_and_works(self):
        need_root()
        need_program("mmdebstrap")
        need_program("runc")
        made = run(os.path.join(SOURCE, "scripts", "container"), self.path("slim.tar"), env={
            **os.environ, "SLIM": PROGRAM, "SLIM_BUILD": BUILD, "TMPDIR": self.folder})
        if made.returncode == 77:
            self.skipTest(made.stdout.strip())
        self.assertEqual(made.returncode, 0, made.stdout[-3000:] + made.stderr[-3000:])
        version = slim("run", self.path("slim.tar"), "--", "--version")
        self.assert_status(version, 0)
        self.assertEqual(version.out, slim("--version").out)
        inside = slim("run", self.path("slim.tar"), "--mount", original_of("static") + ":/image.tar:ro", "--", "analyze",
                      "/image.tar", "--format", "json")
        self.assert_status(inside, 0)
        outside = slim("analyze", original_of("static"), "--format", "json")
        self.assertEqual(inside.json()["needed"], outside.json()["needed"])
        self.assertLess(os.path.getsize(self.path("slim.tar")), 200_000_000)


if __name__ == "__main__":
    main(unittest.TestSuite(unittest.defaultTestLoader.loadTestsFromTestCase(case)
                            for case in (Installed, Package, ContainerImage)))
