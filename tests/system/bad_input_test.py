#!/usr/bin/python3
"""Bad input and bad surroundings: the documented exit code, a message that names what is wrong, nothing left behind."""

import os
import shutil
import signal
import subprocess
import tarfile
import time

import layouts
from slim_program import PROGRAM, SystemTest, main, original_of, slim

USAGE, INPUT, SURROUNDINGS = 2, 3, 4
RUNS = {"Entrypoint": ["/bin/program"]}
PROGRAM_FILES = {**layouts.FILES, "bin/program": b"#!/etc/greeting\n"}


class BadInput(SystemTest):
    def setUp(self):
        super().setUp()
        for name in ("in", "out", "tmp", "home"):
            os.mkdir(self.path(name))
        self.output = self.path("out", "slimmed.tar")

    def listing(self):
        """Everything that could be left behind, with its size."""
        return sorted((os.path.join(folder, name), os.lstat(os.path.join(folder, name)).st_size)
                      for top in ("in", "out", "tmp") for folder, folders, files in os.walk(self.path(top))
                      for name in files + folders)

    def refuse(self, arguments, status, *mentions, env=None):
        """Runs slim, which is to end with `status`, mention all of `mentions`, and change no file."""
        before = self.listing()
        finished = slim(*arguments, env={"TMPDIR": self.path("tmp"), "XDG_CACHE_HOME": self.path("home"),
                                         **(env or {})})
        self.assert_status(finished, status)
        self.assertTrue(finished.err.startswith("slim: error: "), str(finished))
        for mention in mentions:
            self.assertIn(mention, finished.err, str(finished))
        self.assertEqual(finished.out, "", "standard output carries only results")
        self.assertEqual(self.listing(), before, "files were left behind\n%s" % finished)

    def refuse_build(self, image, status, *mentions, further=(), env=None):
        self.refuse(["build", image, "-o", "docker-archive:" + self.output, *further], status, *mentions, env=env)

    def small(self, config=None, **changes):
        return layouts.small_layout(self.path("in", "image"), RUNS if config is None else config,
                                    files=PROGRAM_FILES, **changes)

    def test_a_truncated_archive(self):
        with open(original_of("static"), "rb") as source, open(self.path("in", "half.tar"), "wb") as half:
            half.write(source.read(os.path.getsize(source.name) // 2))
        self.refuse_build("docker-archive:" + self.path("in", "half.tar"), INPUT, "half.tar")
        self.refuse(["analyze", "docker-archive:" + self.path("in", "half.tar")], INPUT, "half.tar")

    def test_a_blob_with_a_wrong_digest(self):
        layout, image = self.small()
        digest = layout.manifest["layers"][0]["digest"]
        with open(layout.blob_path(digest), "r+b") as blob:
            blob.seek(600)
            blob.write(b"!")
        self.refuse_build(image, INPUT, digest)
        self.refuse(["analyze", image], INPUT, digest)

    def test_a_config_with_a_wrong_digest(self):
        layout, image = self.small()
        digest = layout.manifest["config"]["digest"]
        with open(layout.blob_path(digest), "r+b") as blob:
            content = blob.read().replace(b"2025", b"2026")
            blob.seek(0)
            blob.write(content)
        self.refuse_build(image, INPUT, digest)

    def test_a_diff_id_that_is_not_the_layers(self):
        layer = layouts.layer_bytes(PROGRAM_FILES)
        wrong = layouts.assemble.compact(layouts.assemble.image_config(RUNS, ["0" * 64], ["test"], "linux/amd64"))
        layout = layouts.Layout(self.path("in", "image"))
        self.refuse_build(layout.write_index(layout.add_image([layer], RUNS, raw_config=wrong)), INPUT, "0" * 64)

    def test_a_missing_blob(self):
        layout, image = self.small()
        digest = layout.manifest["layers"][0]["digest"]
        os.unlink(layout.blob_path(digest))
        self.refuse_build(image, INPUT, digest.removeprefix("sha256:"))

    def test_a_config_that_is_not_json(self):
        layout, image = self.small(raw_config=b'{"architecture": amd64}')
        self.refuse_build(image, INPUT, layout.manifest["config"]["digest"].removeprefix("sha256:"), "JSON")

    def test_an_unknown_media_type(self):
        _, image = self.small(layer_type="application/vnd.example.layer.v9.rar")
        self.refuse_build(image, INPUT, "application/vnd.example.layer.v9.rar")

    def test_an_image_for_other_platforms_only(self):
        layout = layouts.Layout(self.path("in", "image"))
        entries = []
        for architecture in ("s390x", "riscv64"):
            entry = layout.add_image([layouts.layer_bytes(PROGRAM_FILES)], RUNS, platform=("linux", architecture))
            entries.append({**entry, "platform": {"os": "linux", "architecture": architecture}})
        attestation = {**entries[0], "platform": {"os": "unknown", "architecture": "unknown"}}
        image = layout.write_index(*entries, attestation)
        self.refuse_build(image, INPUT, "linux/s390x", "linux/riscv64")
        self.refuse_build(image, INPUT, "linux/arm64", further=["--platform", "linux/arm64"])

    def test_an_image_that_does_not_exist(self):
        self.refuse_build("docker-archive:" + self.path("in", "nothing.tar"), INPUT, "nothing.tar")
        self.refuse(["analyze", "oci:" + self.path("in", "no-layout")], INPUT, "no-layout")
        self.refuse(["analyze", self.path("in", "nothing")], INPUT, "nothing")

    def test_a_file_that_is_no_image(self):
        with open(self.path("in", "text"), "w", encoding="utf-8") as file:
            file.write("not an archive\n" * 100)
        self.refuse(["analyze", "docker-archive:" + self.path("in", "text")], INPUT, "text")

    def test_an_output_place_that_cannot_be_written(self):
        _, image = self.small()
        self.output = self.path("out", "no", "such", "folder", "x.tar")
        self.refuse_build(image, SURROUNDINGS, os.path.dirname(self.output), further=["--no-run"])
        self.output = "/proc/slimmed.tar"
        self.refuse_build(image, SURROUNDINGS, "/proc", further=["--no-run"])

    def test_a_report_that_cannot_be_written(self):
        place = self.path("out", "no", "report.json")
        self.refuse_build("docker-archive:" + original_of("static"), SURROUNDINGS, place, further=["--report", "json=" + place])

    def test_no_container_runtime(self):
        os.mkdir(self.path("empty"))
        self.refuse_build("docker-archive:" + original_of("static"), SURROUNDINGS, "runc", "crun",
                          env={"PATH": self.path("empty")})

    def test_a_runtime_that_does_not_exist(self):
        self.refuse_build("docker-archive:" + original_of("static"), SURROUNDINGS, "/no/such/runtime",
                          further=["--runtime", "/no/such/runtime"])

    def test_an_entrypoint_that_is_not_in_the_image(self):
        _, image = self.small({"Entrypoint": ["/bin/absent"]})
        self.refuse_build(image, INPUT, "/bin/absent")

    def test_a_cmd_that_no_folder_of_the_path_has(self):
        _, image = self.small({"Cmd": ["absent", "-v"], "Env": ["PATH=/usr/bin:/bin"]})
        self.refuse_build(image, INPUT, "absent")

    def test_an_image_with_nothing_to_run(self):
        _, image = self.small({})
        self.refuse_build(image, INPUT, "--entrypoint", "--include")
        self.assert_status(slim("analyze", image), 0)

    def test_wrong_usage(self):
        _, image = self.small()
        self.refuse(["build", image], USAGE, "-o")
        self.refuse(["build", image, "-o", "docker-archive:" + self.output, "--no-such-option"], USAGE,
                    "--no-such-option")
        self.refuse(["no-such-command"], USAGE, "no-such-command")
        self.refuse(["analyze", image, "--format", "rtf"], USAGE, "rtf")
        self.refuse(["build", image, "-o", "floppy:" + self.output], USAGE, "floppy")
        self.refuse(["build", image, "-o", "docker-archive:" + self.output, "--jobs", "many"], USAGE, "many")

    def test_an_output_that_is_the_input(self):
        archive = self.path("in", "image.tar")
        shutil.copyfile(original_of("static"), archive)
        self.refuse(["build", archive, "-o", "docker-archive:" + archive], USAGE, "is the input itself")
        self.refuse_build(archive, USAGE, "is the input itself", further=["--report", "json=" + archive])
        root = self.path("in", "root")
        os.makedirs(os.path.join(root, "bin"))
        self.refuse(["build", "rootfs:" + root, "-o", "dir:" + os.path.join(root, "out"), "--no-run", "--include", "/bin"],
                    USAGE, "is the input itself")

    def test_comparing_in_the_hosts_network(self):
        _, image = self.small()
        self.refuse(["verify", image, image, "--network", "host"], USAGE, "--network host")

    def test_an_archive_that_lacks_a_layer(self):
        with tarfile.open(original_of("static")) as source, tarfile.open(self.path("in", "part.tar"), "w") as part:
            lost = [member.name for member in source if member.name.endswith("/layer.tar")][-1]
            for member in source:
                if member.name != lost:
                    part.addfile(member, source.extractfile(member) if member.isreg() else None)
        self.refuse_build("docker-archive:" + self.path("in", "part.tar"), INPUT, "part.tar", lost)

    def start_build(self):
        return subprocess.Popen([PROGRAM, "build", "docker-archive:" + original_of("nginx"), "-o",
                                 "docker-archive:" + self.output], stdin=subprocess.DEVNULL,
                                stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                                env={**os.environ, "TMPDIR": self.path("tmp"), "XDG_CACHE_HOME": self.path("home")})

    def test_a_build_that_is_interrupted(self):
        before = self.listing()
        for delay in (0.05, 0.3, 0.6, 0.9, 1.2, 1.5):
            with self.start_build() as process:
                time.sleep(delay)
                process.terminate()
                _, complaints = process.communicate(timeout=30)
            if os.path.exists(self.output):  # it was faster than the signal: then it is whole
                self.assert_status(slim("analyze", "docker-archive:" + self.output), 0)
                os.unlink(self.output)
            self.assertEqual(self.listing(), before, "interrupted after %s s" % delay)
            self.assertIn(process.returncode, (0, -signal.SIGTERM))
            self.assertNotIn(b"error:", complaints)

    def test_a_build_that_is_killed(self):
        before = self.listing()
        with self.start_build() as process:
            limit = time.monotonic() + 30
            while not os.listdir(self.path("tmp")) and time.monotonic() < limit:
                time.sleep(0.01)
            process.kill()
        while os.listdir(self.path("tmp")) and time.monotonic() < limit:
            time.sleep(0.05)  # the sandbox's own process clears up
        self.assertEqual(os.listdir(self.path("tmp")), [])
        with self.start_build() as process:
            process.communicate(timeout=60)
        self.assertEqual(process.returncode, 0)
        os.unlink(self.output)
        self.assertEqual(self.listing(), before)

    def test_standard_output_that_cannot_be_written(self):
        with open("/dev/full", "wb", buffering=0) as full:
            done = subprocess.run([PROGRAM, "analyze", "docker-archive:" + original_of("static")], stdout=full,
                                  stderr=subprocess.PIPE, check=False, timeout=60)
        self.assertEqual(done.returncode, SURROUNDINGS, done.stderr.decode())
        self.assertIn(b"standard output: cannot be written", done.stderr)

    def test_a_reader_that_has_read_enough_is_told_nothing(self):
        reader, writer = os.pipe()
        os.close(reader)
        done = subprocess.run([PROGRAM, "rules", "list"], stdout=writer, stderr=subprocess.PIPE, check=False, timeout=60)
        os.close(writer)
        self.assertEqual((done.returncode, done.stderr), (SURROUNDINGS, b""))

    def test_a_file_without_end_is_no_rule_file(self):
        done = slim("rules", "check", "/dev/zero")
        self.assert_status(done, 3)
        self.assertIn("/dev/zero: larger than 256 MB: expected a rule file", done.err)


if __name__ == "__main__":
    main()
