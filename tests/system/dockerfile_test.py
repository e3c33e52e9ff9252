#!/usr/bin/python3
"""`slim build --dockerfile`: Debian's Docker builds the Dockerfile, with its classic builder and with BuildKit, and Python's
tarfile holds the file tree of the result against the one that slim wrote. What an image calls itself and its files, and what
it sets, is text in the Dockerfile and nothing else."""

import os
import re
import unittest

import image_archive
from containers import Daemon, finished
from layouts import assemble, layer_bytes, odd_image, small_layout
from slim_program import SystemTest, main, need_program, original_of, slim

DAEMON = None  # one for all tests
DOCKER = "/usr/bin/docker"  # Debian's: it speaks to both builders of its daemon
HOSTILE = "q\" '` $HOME ${PATH} \\ \\\" #x # escape=` <<EOF && ] , \\"


def daemon():
    global DAEMON  # pylint: disable=global-statement
    if DAEMON is None:
        need_program(DOCKER)
        DAEMON = Daemon()
        DAEMON.start()
    return DAEMON


def facts_of(tree):
    """All that a container sees, but what docker's own layers lose: fractions of seconds, times before 1970, extended
    attributes that are no capabilities, and the root folder's metadata, which is no layer's."""
    def kept(inode):
        return {**inode.facts(), "mtime": max(inode.mtime, 0) // 10**9,
                "xattrs": {name: value for name, value in inode.xattrs.items() if name == "SCHILY.xattr.security.capability"}}
    return {path: kept(inode) for path, inode in tree.inodes.items() if path != "/"}


class DockerfileTest(SystemTest):
    def slimmed(self, image, *options):
        """Slims an image; (tree, config) of the output, and the Dockerfile's text."""
        self.context = self.path("context")
        os.makedirs(self.context, exist_ok=True)
        done = slim("build", image, "-o", "docker-archive:" + self.path("slim.tar"), "--dockerfile",
                    os.path.join(self.context, "Dockerfile"), *options)
        self.assert_status(done, 0)
        self.warnings = done.err
        archive = image_archive.open_archive(self.path("slim.tar"), self.path("slim"))
        with open(os.path.join(self.context, "Dockerfile"), encoding="utf-8") as file:
            return image_archive.squash(archive), archive.config["config"], file.read()

    def build(self, builder, *options, check=True):
        """Builds the Dockerfile; (tree, config) of what came out."""
        command = [DOCKER, "--host", daemon().host, "build", "--network", "none", "--tag", "built", *options, self.context]
        for _ in range(3):
            done = finished(command, 300, {**os.environ, "DOCKER_BUILDKIT": "1" if builder == "buildkit" else "0",
                                           "HOME": self.folder})
            if "flightcontrol: exceeded retry timeout" not in done.err:  # BuildKit's own, on a busy machine
                break
        if not check:
            return done
        self.assertEqual(done.status, 0, str(done))
        archive, folder = self.path("built.tar"), self.path("built-by-" + builder)
        daemon().docker("save", "--output", archive, "built")
        image = image_archive.open_archive(archive, folder)
        os.remove(archive)
        return image_archive.squash(image), image.config["config"]

    def assert_same_tree(self, expected, built):
        self.assertEqual(sorted(built.inodes.keys() - {"/"}), sorted(expected.inodes.keys() - {"/"}))
        want, have = facts_of(expected), facts_of(built)
        self.assertEqual([(path, want[path], have[path]) for path in want if want[path] != have[path]], [])
        self.assertEqual(built.hard_links(built.inodes), expected.hard_links(expected.inodes))

    def assert_same_config(self, expected, built, without=()):
        def labels(config):
            return {name: value for name, value in (config.get("Labels") or {}).items()
                    if not name.startswith(("dev.slim.", "org.opencontainers.image.base.")) and name not in without}
        for key in ("Env", "Entrypoint", "Cmd", "User", "WorkingDir", "ExposedPorts", "Volumes", "StopSignal", "Healthcheck", "Shell"):
            self.assertEqual(built.get(key) or None, expected.get(key) or None, key)
        self.assertEqual(labels(built), labels(expected))


class Real(DockerfileTest):
    def assert_builds_alike(self, image, name, builders, *options):
        daemon().load(original_of(name))
        tree, config, text = self.slimmed(image, *options)
        self.assertIn("\nFROM slim.test/%s:latest AS source\n" % name, text)
        for builder in builders:
            with self.subTest(builder=builder):
                built, built_config = self.build(builder)
                self.assert_same_tree(tree, built)
                if not config.get("WorkingDir") and built_config["WorkingDir"] == "/":
                    built_config["WorkingDir"] = ""  # what BuildKit writes for none
                if not any(variable.startswith("PATH=") for variable in config.get("Env") or []):
                    built_config["Env"] = [variable for variable in built_config["Env"] if not variable.startswith("PATH=")]
                self.assert_same_config(config, built_config)
        return text

    def test_an_image_without_a_shell(self):
        text = self.assert_builds_alike(original_of("static"), "static", ("classic", "buildkit"))
        self.assertIn("\n# all of it, 1 file: entrypoint\nCOPY --from=source /bin /bin\n", text)

    def test_busybox_and_an_apk_database(self):
        text = self.assert_builds_alike(original_of("alpine"), "alpine", ("classic", "buildkit"), "--no-run")
        self.assertRegex(text, r"#   /lib/apk/db/installed: ")

    def test_nginx(self):
        text = self.assert_builds_alike(original_of("nginx"), "nginx", ("classic", "buildkit"))
        self.assertRegex(text, r"    # needed by /usr/sbin/nginx\n    /usr/lib/x86_64-linux-gnu/lib")
        self.assertRegex(text, r"\n# all of it, 13 files:\n#   12 inside /etc/nginx\n#   1 [a-z].*\nCOPY --from=source /etc/nginx /etc/nginx\n")
        self.assertIn('\nCMD ["nginx",', text)
        self.assertIn("\nSTOPSIGNAL SIGQUIT\n", text)


class Odd(DockerfileTest):
    """Files that COPY cannot name or would change, and settings that read like instructions."""

    def archive(self, config):
        """What is odd in the odd image, as far as docker takes it: GNU's sparse files and links across layers it does not."""
        os.mkdir(self.path("layers"))
        odd_image.write_layers(self.path("layers"))
        hostile = {"hostile/" + name: name.encode() for name in
                   ("plain", "with space", "# comment", "<<EOF", "new\nline\nRUN false", "$HOME", "a*b", "a?b", "[ab]", "quo\"te", "it's",
                    "back\\slash", "\\", "--from=x", "\u202egnp.exe", "::error::x", "\x1b[31mred")}
        with open(self.path("layers", "02.tar"), "wb") as file:
            file.write(layer_bytes({**hostile, "bin/program": b"#!/bin/none\n"}))
        layers = [self.path("layers", name) for name in ("00.tar", "01.tar", "02.tar")]
        os.mkdir(self.path("work"))
        archive = self.path("odd.tar")
        assemble.assemble(layers, config, ["odd"] * 3, "slim.test/odd:latest", "docker-archive", "none", "linux/amd64", archive,
                          self.path("work"))
        return archive

    CONFIG = {"Entrypoint": ["/bin/program", "two\nlines", HOSTILE], "Cmd": ["$HOME", "\u202e"],
              "Env": ["PATH=/bin", "PLAIN=value", "EMPTY=", "ODD=" + HOSTILE, "TWO=one\nRUN false"],
              "Labels": {"plain": "value", "odd name": HOSTILE, "# escape": "`", "$HOME": "<<EOF", "lines": "a\nUSER root"},
              "User": "12:34", "WorkingDir": "/owners/with space", "Volumes": {"/vol ume": {}, "/$HOME": {}},
              "ExposedPorts": {"80/tcp": {}, "53/udp": {}}, "StopSignal": "SIGINT",
              "Healthcheck": {"Test": ["CMD-SHELL", "[ 1 ]\nRUN false"], "Interval": 3000000000, "Retries": 2}}

    def test_everything_odd(self):
        archive = self.archive(self.CONFIG)
        daemon().load(archive)
        # /names and /owners are kept in part: so COPY has to name what is in them
        tree, config, text = self.slimmed(archive, "--no-run", "--include", "/**", "--exclude", "/owners/above-16-bits", "--exclude",
                                          "/hostile/plain", "--exclude", "/names/-rf",
                                          # docker takes the owner of the last of its names, slim that of the first
                                          "--exclude", "/a/first", "--exclude", "/b/second", "--exclude", "/c/d/third")
        self.assertIn("/hostile/new\nline\nRUN false", tree.inodes)
        self.assertIn("--build-arg VALUE_1=", self.warnings)
        given = ("--build-arg", "VALUE_1=one\nRUN false", "--build-arg", "VALUE_2=a\nUSER root")
        for builder in ("classic", "buildkit"):
            with self.subTest(builder=builder):
                refused = self.build(builder, check=False)
                self.assertNotEqual(refused.status, 0, "a value was not given, and it built")
                self.assertIn("give it with --build-arg VALUE_1", refused.out + refused.err)
                built, built_config = self.build(builder, *given)
                # WORKDIR makes the folder that the config only names
                self.assertIsNotNone(built.inodes.pop("/owners/with space", None))
                built.inodes["/owners"].mtime = tree.inodes["/owners"].mtime
                self.assert_same_tree(tree, built)
                # the shell form cannot hold two lines; the list runs the same
                self.assertEqual(built_config["Healthcheck"]["Test"], ["CMD", "/bin/sh", "-c", "[ 1 ]\nRUN false"])
                built_config["Healthcheck"]["Test"] = config["Healthcheck"]["Test"]
                self.assert_same_config(config, built_config)
        # nothing of the image has become an instruction or a character that hides
        instructions = set(re.findall(r"^([A-Z]+) ", text, re.MULTILINE))
        self.assertLessEqual(instructions, {"FROM", "COPY", "ADD", "ARG", "ENV", "LABEL", "ENTRYPOINT", "CMD", "USER", "WORKDIR", "VOLUME",
                                            "EXPOSE", "STOPSIGNAL", "HEALTHCHECK"})
        self.assertFalse([char for char in text if char != "\n" and not char.isprintable()])

    def test_more_folders_than_an_image_has_layers(self):
        os.mkdir(self.path("layers"))
        files = {"opt/%03d/%s" % (number, name): b"x" for number in range(130) for name in ("kept", "dropped")}
        with open(self.path("layers", "00.tar"), "wb") as file:
            file.write(layer_bytes({**files, "bin/program": b"#!/bin/none\n"}))
        os.mkdir(self.path("work"))
        archive = self.path("many.tar")
        assemble.assemble([self.path("layers", "00.tar")], {"Entrypoint": ["/bin/program"]}, ["many"], "slim.test/many:latest",
                          "docker-archive", "none", "linux/amd64", archive, self.path("work"))
        daemon().load(archive)
        tree, _, text = self.slimmed(archive, "--no-run", "--include", "/opt/*/kept")
        self.assertNotIn("/opt/001/dropped", tree.inodes)
        self.assertIn("\nCOPY --from=part2 / /\n", text)
        for builder in ("classic", "buildkit"):
            with self.subTest(builder=builder):
                self.assert_same_tree(tree, self.build(builder)[0])

    def test_secrets_are_asked_for(self):
        _, image = small_layout(self.path("image"), {"Entrypoint": ["/etc/greeting"], "Env": ["DB_PASSWORD=correct horse"]})
        _, _, text = self.slimmed(image, "--no-run", "--include", "/**")
        self.assertNotIn("correct horse", text)
        self.assertIn('ENV DB_PASSWORD="${VALUE_1:?', text)
        self.assertIn("\nARG SOURCE\nFROM ${SOURCE} AS source\n", text)
        _, _, text = self.slimmed(image, "--no-run", "--include", "/**", "--show-secrets")
        self.assertIn('ENV DB_PASSWORD="correct horse"', text)


class Refused(SystemTest):
    def fails(self, status, expected, image, output, *options):
        done = slim("build", image, "-o", output, "--no-run", *options)
        self.assert_status(done, status)
        self.assertIn(expected, done.err)
        self.assertFalse(os.path.exists(self.path("out.tar")))

    def test_places_that_cannot_be(self):
        image, output = original_of("static"), "docker-archive:" + self.path("out.tar")
        self.fails(2, "is the input itself", image, output, "--dockerfile", image)
        self.fails(2, "is the output too", image, output, "--dockerfile", self.path("out"))
        self.fails(2, "expected a name without", image, output, "--dockerfile", self.path("Docker file"))
        self.fails(2, "is no file", image, output, "--dockerfile", "/dev/stdout")
        self.fails(4, "", image, output, "--dockerfile", self.path("nowhere", "Dockerfile"))
        os.mkdir(self.path("root"))
        self.fails(2, "no image that FROM could name", "rootfs:" + self.path("root"), output, "--dockerfile", self.path("Dockerfile"))
        self.fails(2, "of one platform", image, "oci:" + self.path("o"), "--dockerfile", self.path("Dockerfile"), "--platform", "all")

    def test_nothing_is_written_without_proof(self):
        # the original does not run here: nothing is proved
        _, image = small_layout(self.path("image"), {"Entrypoint": ["/etc/greeting"]})
        done = slim("build", image, "-o", "docker-archive:" + self.path("out.tar"), "--dockerfile", self.path("Dockerfile"))
        self.assertNotEqual(done.status, 0)
        self.assertEqual(sorted(os.listdir(self.folder)), ["image"])


if __name__ == "__main__":
    try:
        main(unittest.defaultTestLoader.loadTestsFromModule(__import__("__main__")))
    finally:
        if DAEMON is not None:
            DAEMON.stop()
