#!/usr/bin/python3
"""`slim verify`: an image is the same as itself, differs from a broken copy by the path that it misses, and proves
nothing where the original fails by itself. `slim run` exits as the container does."""

import json
import os
import shutil

from layouts import assemble
from slim_program import IMAGES, SystemTest, main, original_of, slim


class Verify(SystemTest):
    def copy(self, name, omit=(), config=None):
        """A copy of an image without some paths of its topmost layers, or with another config."""
        source = os.path.dirname(original_of(name))
        os.makedirs(self.path("layers"), exist_ok=True)
        for layer in os.listdir(os.path.join(source, "layers")):
            shutil.copyfile(os.path.join(source, "layers", layer), self.path("layers", layer))
        if omit:
            self.whiteouts(self.path("layers", "99.tar"), omit)
        with open(os.path.join(source, "config.json"), encoding="utf-8") as file:
            config = {**json.load(file), **(config or {})}
        layers = sorted(self.path("layers", layer) for layer in os.listdir(self.path("layers")))
        assemble.assemble(layers, config, ["copy"] * len(layers), "slim.test/copy:latest", "docker-archive", "none",
                          "linux/amd64", self.path("copy.tar"), self.folder)
        shutil.rmtree(self.path("layers"))
        return "docker-archive:" + self.path("copy.tar")

    @staticmethod
    def whiteouts(path, names):
        archive = assemble.Archive(path)
        for name in names:
            folder, base = os.path.split(name.lstrip("/"))
            archive.add_bytes(os.path.join(folder, ".wh." + base), b"")
        archive.close()

    def verify(self, original, slimmed, status):
        finished = slim("verify", original, slimmed, "--format", "json")
        self.assert_status(finished, status)
        report = finished.json()
        return report.get("verdict", report)

    def test_an_image_is_the_same_as_itself(self):
        for name in ("static", "plugin", "memcached"):
            with self.subTest(name=name):
                image = "docker-archive:" + original_of(name)
                self.assertEqual(self.verify(image, image, 0)["result"], "same")

    def test_a_copy_without_a_file_differs_and_the_file_is_named(self):
        verdict = self.verify("docker-archive:" + original_of("static"), self.copy("static", ["/etc/greeting"]), 1)
        self.assertEqual(verdict["result"], "different")
        self.assertIn("/etc/greeting", json.dumps(verdict))

    def test_a_copy_without_a_library_does_not_start(self):
        library = "/opt/count/lib/libtally.so"
        verdict = self.verify("docker-archive:" + original_of("musl"), self.copy("musl", [library]), 1)
        self.assertEqual(verdict["result"], "different")
        self.assertIn("libtally.so", json.dumps(verdict))

    def test_a_server_that_serves_another_page_differs(self):
        copy = self.copy("nginx", ["/var/www/html/index.html"])
        verdict = self.verify("docker-archive:" + original_of("nginx"), copy, 1)
        self.assertEqual(verdict["result"], "different")
        self.assertIn("/var/www/html/index.html", json.dumps(verdict))

    def test_a_copy_with_another_config_differs(self):
        copy = self.copy("static", config={"Cmd": ["two"]})
        verdict = self.verify("docker-archive:" + original_of("static"), copy, 1)
        self.assertEqual(verdict["result"], "different")
        self.assertIn("two", json.dumps(verdict))

    def test_the_text_shows_the_difference(self):
        copy = self.copy("static", config={"Cmd": ["two"]})
        finished = slim("verify", "docker-archive:" + original_of("static"), copy)
        self.assert_status(finished, 1)
        self.assertRegex(finished.out, r"(?m)^\s*-\s*one$")
        self.assertRegex(finished.out, r"(?m)^\s*\+\s*two$")

    def test_an_original_that_fails_by_itself_proves_nothing(self):
        copy = self.copy("static", ["/etc/greeting"])
        verdict = self.verify(copy, copy, 1)
        self.assertEqual(verdict["result"], "inconclusive")
        self.assertTrue(verdict["hint"])

    def test_a_build_that_differs_writes_nothing_unless_it_is_told_to(self):
        # an exclude cuts what the program needs
        arguments = ["build", "docker-archive:" + original_of("static"), "-o",
                     "docker-archive:" + self.path("slimmed.tar"), "--exclude", "/etc/greeting"]
        self.assert_status(slim(*arguments), 1)
        self.assertEqual(os.listdir(self.folder), [])
        kept = slim(*arguments, "--keep-going")
        self.assert_status(kept, 1)
        self.assertEqual(os.listdir(self.folder), ["slimmed.tar"])
        self.assertIn("different", kept.out + kept.err)


class Run(SystemTest):
    def run_image(self, name, *arguments, options=()):
        return slim("run", *options, "docker-archive:" + original_of(name), *(["--", *arguments] if arguments else []))

    def test_exits_as_the_container_does(self):
        shell = ["--entrypoint=bash"]
        for status in (0, 37, 255):
            self.assertEqual(self.run_image("cli", "-c", "exit %d" % status, options=shell).status, status)

    def test_fails_as_docker_run_does(self):
        self.assertEqual(self.run_image("cli", "x", options=["--entrypoint=no-such-program"]).status, 127)
        self.assertEqual(self.run_image("cli", "x", options=["--entrypoint=/etc/passwd"]).status, 126)
        self.assertEqual(slim("run", "docker-archive:" + os.path.join(IMAGES, "no-such-image.tar")).status, 125)

    def test_the_container_is_a_sandbox(self):
        shell = ["--entrypoint=bash"]
        seen = self.run_image("cli", "-c", "echo $$; id -u; head -n 1 /proc/self/uid_map; ls /sys/class/net; "
                              "grep -c . /proc/kcore; cat /proc/1/status | grep NoNewPrivs", options=shell)
        lines = seen.out.split()
        self.assertEqual(lines[:2], ["1", "0"], str(seen))
        self.assertNotEqual(lines[3], "0", "the container's root must not be the host's")
        self.assertIn("lo", lines)
        self.assertNotIn("eth0", lines)
        self.assertNotEqual(self.run_image("cli", "-c", "echo 1 > /proc/sys/kernel/sysrq", options=shell).status, 0)

    def test_options_as_in_docker_run(self):
        seen = self.run_image("cli", "-c", "echo $COLOUR; pwd; id -u; cat /host/note; touch /scratch/x && echo wrote; "
                              "touch /host/note || echo read-only",
                              options=["--entrypoint=bash", "--env", "COLOUR=blue", "--workdir", "/tmp", "--user",
                                       "1234", "--tmpfs", "/scratch", "--mount",
                                       "type=bind,source=%s,target=/host,readonly" % self.note()])
        self.assertEqual(seen.out, "blue\n/tmp\n1234\na note\nwrote\nread-only\n", str(seen))

    def note(self):
        os.mkdir(self.path("note"), mode=0o755)
        os.chmod(self.folder, 0o755)
        with open(self.path("note", "note"), "w", encoding="utf-8") as file:
            file.write("a note\n")
        return self.path("note")

    def test_a_run_that_takes_too_long_is_ended(self):
        finished = self.run_image("cli", "-c", "sleep 100 & wait", options=["--entrypoint=bash", "--timeout", "2s"])
        self.assertNotEqual(finished.status, 0, str(finished))


if __name__ == "__main__":
    main()
