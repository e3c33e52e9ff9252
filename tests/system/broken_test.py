#!/usr/bin/python3
"""Images that are broken on purpose: slim says that they differ and names the path, and where nothing forbids it heals
them, so that what was not exercised works as well."""

import json
import os

from clerk import make_image, make_program
from slim_program import SystemTest, main, original_of, slim

GCONV = "/usr/lib/x86_64-linux-gnu/gconv/ISO8859-15.so"
PLUGIN = "/usr/local/lib/shout/libshout.so.1"
ZONE = "/usr/share/zoneinfo/Europe/Berlin"
CERTIFICATES = "/etc/ssl/certs/ca-certificates.crt"


class Build(SystemTest):
    def build(self, image, status, *options):
        self.output = self.path("slimmed.tar")
        finished = slim("build", image, "-o", "docker-archive:" + self.output, "--format", "json", *options)
        self.assert_status(finished, status)
        return finished.json()


class Broken(Build):
    def assert_broken(self, image, path, *options):
        """An exclude breaks it: the build says so, and so does slim verify of what it would have written."""
        image = image if ":" in image else "docker-archive:" + original_of(image)
        report = self.build(image, 1, "--exclude", path, "--keep-going", *options)
        self.assertEqual(report["verdict"]["result"], "different")
        self.assertIn(path, [missed["path"] for missed in report["verdict"]["missed"]])
        self.assertIn({"path": path, "why": "excluded by " + path}, report["not_healed"])
        self.assertNotIn(path, [healed["path"] for healed in report["healed"]])
        finished = slim("verify", image, self.output, "--format", "json", *options)
        self.assert_status(finished, 1)
        verdict = finished.json()["verdict"]
        self.assertEqual(verdict["result"], "different")
        missed = {missed["path"]: missed for missed in verdict["missed"]}
        self.assertIn(path, missed)
        self.assertTrue(missed[path]["process"].startswith("/"), missed[path])
        self.assertTrue(missed[path]["syscall"], missed[path])
        self.assertIn(path, verdict["differences"][0]["causes"])
        self.assertIn(path, slim("verify", image, self.output, *options).out)
        return verdict

    def test_without_a_character_set(self):
        verdict = self.assert_broken("plugin", GCONV)
        self.assertEqual(verdict["differences"][0]["class"], "ends-differently")

    def test_without_a_plug_in(self):
        self.assert_broken("plugin", PLUGIN)

    def test_without_a_time_zone(self):
        # date says nothing of it: the hour is wrong, and so is the zone's name
        verdict = self.assert_broken("cli", ZONE)
        self.assertEqual(verdict["differences"][0]["class"], "answers-differently")
        self.assertEqual(verdict["differences"][0]["what"], "stdout")

    def test_without_a_helper_of_a_start_script(self):
        self.assert_broken("cli", "/usr/bin/basename", "--entrypoint", "bash", "--cmd",
                           json.dumps(["-c", "name=$(basename /srv/app.log 2>/dev/null); echo started ${name:-anyway}"]))

    def test_without_certificates_although_the_answers_agree(self):
        make_program(self.path("clerk"))
        image = make_image(self.path("image"), self.path("clerk"))
        os.makedirs(self.path("image", "etc/ssl/certs"))
        with open(self.path("image", CERTIFICATES[1:]), "w", encoding="ascii") as file:
            file.write("-----BEGIN CERTIFICATE-----\n")
        verdict = self.assert_broken(image, CERTIFICATES, "--entrypoint", "/bin/clerk", "--cmd", "trust")
        self.assertEqual([difference["class"] for difference in verdict["differences"]], ["touches-missing-path"])


class Healed(Build):
    """Static analysis alone fails first: the names are computed."""

    def assert_healed(self, image, options, expected):
        image = "docker-archive:" + original_of(image)
        failed = self.build(image, 1, *options, "--no-observe", "--heal", "0")
        self.assertNotEqual(failed["verdict"]["result"], "same")
        self.assertEqual(failed["healed"], [])
        report = self.build(image, 0, *options, "--no-observe")
        self.assertEqual(report["verdict"]["result"], "same")
        self.assertEqual({healed["path"] for healed in report["healed"]}, expected)
        for healed in report["healed"]:
            self.assertEqual((healed["probe"], healed["round"]), ("default", 1))
            self.assertTrue(healed["process"].startswith("/") and healed["syscall"], healed)
        self.assert_status(slim("verify", image, self.output, *options), 0)
        return image, report

    def test_a_rule_of_the_report_makes_it_static(self):
        license = "/usr/share/common-licenses/GPL-3"
        options = ["--entrypoint", "bash", "--cmd",
                   json.dumps(["-c", "head -2 /usr/share/common-licenses/GPL-$((1+2))"])]
        image, report = self.assert_healed("cli", options, {license})
        rules = self.path("rules.json")
        with open(rules, "w", encoding="utf-8") as file:
            file.write("[%s]" % report["healed"][0]["rule"])
        self.assert_status(slim("rules", "check", rules), 0)
        report = self.build(image, 0, *options, "--no-observe", "--heal", "0", "--rules", rules)
        self.assertEqual((report["verdict"]["result"], report["healed"]), ("same", []))

    def test_a_program_and_all_that_it_needs(self):
        # the program's name is computed: it is healed, and its libraries come with it as its dependencies
        options = ["--entrypoint", "bash", "--cmd", json.dumps(["-c", "p=$(printf gp%sv g); $p --version >/dev/null && echo ran"])]
        _, report = self.assert_healed("cli", options, {"/usr/bin/gpgv"})
        self.assertEqual(report["healed"][0]["process"], "/usr/bin/bash")
        self.assertIn("libgcrypt", slim("run", self.output, "--entrypoint", "gpgv", "--", "--version").out)


if __name__ == "__main__":
    main()
