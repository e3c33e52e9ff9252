#!/usr/bin/python3
"""What interpreters say that they have loaded, asked inside the images by `slim run`, against the plan that static
analysis makes: perl's %INC, Ruby's $LOADED_FEATURES, PHP's included files and extensions. All of it must be kept."""

import unittest

from slim_program import SystemTest, main, need_root, original_of, slim


def kept_by_plan(image):
    """Every path that the plan keeps, links followed by the kernel included."""
    answer = slim("analyze", image, "--format", "json", "--files", "--no-cache")
    if answer.status != 0:
        raise AssertionError(str(answer))
    return {entry["path"] for entry in answer.json()["files"] if entry["decision"] in ("keep", "kept")}


class Interpreters(SystemTest):
    def setUp(self):
        super().setUp()
        need_root()

    def loaded(self, name, entrypoint, *arguments):
        """The lines with LOADED before them that a program prints, the rest of each."""
        ran = slim("run", "docker-archive:" + original_of(name), "--user", "0", "--entrypoint", entrypoint, "--", *arguments)
        lines = [line[7:] for line in (ran.out + ran.err).splitlines() if line.startswith("LOADED ")]
        self.assertGreater(len(lines), 2, str(ran))
        return lines

    def check(self, name, lines, least):
        kept = kept_by_plan("docker-archive:" + original_of(name))
        folders = {path for path in lines if path.startswith("/")}
        self.assertGreaterEqual(len(folders), least)
        # Paths may go through links: /usr/share/perl/5.36 is a link to 5.36.0.
        real = {path: path.replace("/perl/5.36/", "/perl/5.36.0/") for path in folders}
        self.assertEqual(sorted(path for path in folders if path not in kept and real[path] not in kept), [])

    def test_what_perl_has_loaded_is_kept(self):
        program = "/usr/local/bin/ledger"
        lines = []
        for arguments in (["balance"], ["when", "Asia/Tokyo"], ["day", "de"], ["query"], ["xml"], ["pack"], ["secure"],
                          ["recode", "cp932", "82a0"], ["unicode"], ["format", "CSV"], ["big"], ["temporary"], ["digest"]):
            text = ('BEGIN { $0 = "%s" } END { print "\\nLOADED $_" for map { s,/bin/\\.\\./,/,r } grep { defined } values %%INC;'
                    ' print "\\n" } do "%s" or die $@' % (program, program))
            lines += self.loaded("perl", "perl", "-e", text, *arguments)
        self.check("perl", [line for line in lines if line != program], 100)

    def test_what_ruby_has_loaded_is_kept(self):
        text = ('%w[json yaml set csv erb openssl net/http bigdecimal zlib digest sqlite3 rack sinatra/base socket etc]'
                '.each { |name| require name }; $LOADED_FEATURES.each { |path| puts "LOADED #{path}" }')
        self.check("ruby", self.loaded("ruby", "ruby", "-e", text), 200)

    def test_what_php_has_loaded_is_kept(self):
        text = ('foreach (glob("/var/www/html/lib/*.php") as $file) require_once $file;'
                'foreach (get_included_files() as $file) echo "LOADED $file\\n";'
                'foreach (get_loaded_extensions() as $name) { $file = ini_get("extension_dir") . "/" . strtolower($name) . ".so";'
                ' if (file_exists($file)) echo "LOADED $file\\n"; }')
        self.check("php", self.loaded("php", "php", "-r", text), 5)


if __name__ == "__main__":
    main()
