#!/usr/bin/python3
"""The same without root: a user with a range of subordinate ids."""

import json
import os

from ordinary_user import OrdinaryUserTest
from slim_program import main, slim


class Rootless(OrdinaryUserTest):
    def test_builds_and_verifies(self):
        for name in ("static", "memcached", "plugin"):
            with self.subTest(name=name):
                output = self.path(name + ".slim.tar")
                finished = self.slim("build", self.image(name), "-o", "docker-archive:" + output, "--format", "json")
                self.assert_status(finished, 0)
                verdict = finished.json()["verdict"]
                self.assertEqual((verdict["result"], verdict.get("rootless")), ("same", True), json.dumps(verdict))
                again = self.slim("verify", self.image(name), "docker-archive:" + output)
                self.assert_status(again, 0)

    def test_root_and_user_write_the_same_image(self):
        images = []
        for run, name in ((self.slim, "user.tar"), (slim, "root.tar")):
            self.assert_status(run("build", self.image("redis"), "-o", "docker-archive:" + self.path(name),
                                   "--no-run"), 0)
            with open(self.path(name), "rb") as file:
                images.append(file.read())
        self.assertTrue(images[0] == images[1], "root and an unprivileged user write different images")

    def test_the_container_has_the_owners_of_the_image(self):
        seen = self.slim("run", "--entrypoint=stat", self.image("redis"), "--", "-c", "%u:%g %a", "/data", "/etc/passwd",
                         "/tmp")
        self.assert_status(seen, 0)
        self.assertRegex(seen.out, r"^[1-9]\d+:[1-9]\d+ 750\n0:0 644\n0:0 1777\n$")

    def test_nothing_of_the_user_remains(self):
        before = sorted(os.listdir(self.folder))
        self.assert_status(self.slim("verify", self.image("static"), self.image("static")), 0)
        after = sorted(set(os.listdir(self.folder)) - {"cache", "static.tar"})
        self.assertEqual(after, [name for name in before if name != "static.tar"])


if __name__ == "__main__":
    main()
