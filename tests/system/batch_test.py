#!/usr/bin/python3
"""`slim build --batch`: several images beside each other, a summary, what is done is not done twice, one that fails stops no
other, a signal leaves nothing half-written, and a bad file is named with its line."""

import contextlib
import json
import os
import shutil
import signal
import subprocess
import time

import jsonschema

import image_archive
from slim_program import PROGRAM, SOURCE, SystemTest, main, original_of, slim


class BatchTest(SystemTest):
    def write(self, name, text):
        with open(self.path(name), "w", encoding="utf-8") as file:
            file.write(text)
        return self.path(name)

    def copy(self, name):
        shutil.copyfile(original_of(name), self.path(name + ".tar"))

    def batch(self, file, *options, status=0, env=None):
        """The summary as JSON, held against its schema; image -> its part in it."""
        done = slim("build", "--batch", file, "--format", "json", *options, env=env)
        self.assert_status(done, status)
        with open(os.path.join(SOURCE, "schema", "batch.schema.json"), encoding="utf-8") as schema:
            jsonschema.validate(done.json(), json.load(schema))
        self.err = done.err
        self.counts = done.json()["counts"]
        return {image["image"]: image for image in done.json()["images"]}

    def leftovers(self):
        return [name for folder, folders, files in os.walk(self.folder) for name in folders + files if ".slim-" in name]


class Batch(BatchTest):
    def test_images_are_slimmed_beside_each_other_and_not_twice(self):
        for name in ("static", "alpine"):
            self.copy(name)
        self.write("smoke.yaml", "probes:\n  - name: greet\n    cmd: [two]\n")
        file = self.write("batch.yaml", """\
defaults: { exec: [], repeat: 2 }
images:
  - image: static.tar
    output: docker-archive:static-slim.tar
    tag: greet:slim
    probes: [ smoke.yaml ]
    report: [ json=static.json ]
    dockerfile: Dockerfile
  - image: alpine.tar
    output: oci:layout:a
    no-run: true
    profile: minimal
  - { image: alpine.tar, output: 'oci:layout:b', no-run: true }
""")
        images = self.batch(file, "--jobs", "3")
        self.assertEqual(self.counts, {"built": 3, "unchanged": 0, "failed": 0, "stopped": 0})
        self.assertEqual(images["static.tar"]["verdict"], "same")
        self.assertEqual(images["alpine.tar"]["verdict"], "not-run")
        # what is said is what is there
        with open(self.path("static.json"), encoding="utf-8") as report:
            report = json.load(report)
        original = image_archive.open_archive(self.path("static.tar"), self.path("o"))
        output = image_archive.open_archive(self.path("static-slim.tar"), self.path("s"))
        self.assertEqual(images["static.tar"]["original"], image_archive.uncompressed_size(original))
        self.assertEqual(images["static.tar"]["slimmed"], image_archive.uncompressed_size(output))
        self.assertEqual(images["static.tar"]["output_config_digest"], report["output"]["config_digest"])
        with open(self.path("layout", "index.json"), encoding="utf-8") as index:
            self.assertEqual(len(json.load(index)["manifests"]), 2, "two images went to one layout at the same time")
        self.assertTrue(os.path.exists(self.path("Dockerfile.tar")))
        self.assertEqual(self.leftovers(), [])
        # ... and is as good as what slim build makes of it alone
        alone = slim("build", self.path("static.tar"), "-o", "docker-archive:" + self.path("alone.tar"), "-t", "greet:slim", "--probe",
                     self.path("smoke.yaml"))
        self.assert_status(alone, 0)
        with open(self.path("alone.tar"), "rb") as one, open(self.path("static-slim.tar"), "rb") as other:
            self.assertEqual(one.read(), other.read())

        def touched():
            return {name: os.stat(self.path(name)).st_mtime_ns for name in ("static-slim.tar", "layout/index.json", "static.json")}
        before = touched()
        again = self.batch(file)
        self.assertEqual(self.counts, {"built": 0, "unchanged": 3, "failed": 0, "stopped": 0})
        self.assertEqual(touched(), before)
        self.assertEqual(again["static.tar"]["slimmed"], images["static.tar"]["slimmed"])
        self.assertEqual(again["static.tar"]["verdict"], "same")

    def built_again(self, file):
        return [image["destination"] for image in self.batch(file).values() if image["state"] == "built"]

    def test_what_changed_is_done_again(self):
        self.copy("static")
        self.write("smoke.yaml", "probes:\n  - name: greet\n    cmd: [two]\n")
        text = "static.tar docker-archive:out.tar smoke.yaml --report json=out.json\n"
        file = self.write("batch", text)
        out = ["docker-archive:out.tar"]
        self.assertEqual(self.built_again(file), out)
        self.assertEqual(self.built_again(file), [])
        with self.subTest("a probe"):
            self.write("smoke.yaml", "probes:\n  - name: greet\n    cmd: [one]\n")
            self.assertEqual(self.built_again(file), out)
        with self.subTest("an option"):
            self.write("batch", text.replace("smoke.yaml", "smoke.yaml --profile safe"))
            self.assertEqual(self.built_again(file), out)
        with self.subTest("the output"):
            with open(self.path("out.tar"), "ab") as output:
                output.write(b"\0" * 512)
            self.assertEqual(self.built_again(file), out)
        with self.subTest("no output"):
            os.remove(self.path("out.tar"))
            self.assertEqual(self.built_again(file), out)
        with self.subTest("no report"):
            os.remove(self.path("out.json"))
            self.assertEqual(self.built_again(file), out)
        with self.subTest("the image"):
            shutil.copyfile(original_of("alpine"), self.path("static.tar"))
            self.write("batch", "static.tar docker-archive:out.tar --no-run\n")
            self.assertEqual(self.built_again(file), out)
            self.assertEqual(self.built_again(file), [])
            shutil.copyfile(original_of("static"), self.path("static.tar"))
            self.assertEqual(self.built_again(file), out)
        with self.subTest("a record that is none"):
            self.write("batch.state.json", "{")
            self.assertEqual(self.built_again(file), out)
            self.assertIn("is no record of slim", self.err)
            self.assertEqual(self.built_again(file), [])

    def test_one_that_fails_stops_no_other(self):
        self.copy("static")
        self.write("wrong.yaml", "probes:\n  - name: greet\n    cmd: [two]\n    expect: { exit: 7 }\n")
        self.write("bad.yaml", "probes:\n  - nam: greet\n")
        file = self.write("batch.yaml", """\
- { image: nowhere.tar, output: 'docker-archive:1.tar' }
- image: static.tar
  output: docker-archive:2.tar
- { image: ./static.tar, output: 'docker-archive:3.tar', probes: [ wrong.yaml ] }
- { image: .//static.tar, output: 'docker-archive:4.tar', probe: bad.yaml }
- { image: ../static.tar, output: 'nonsense', profile: huge }
""")
        images = self.batch(file, "--report", "text=" + self.path("summary"), status=1)
        self.assertEqual({name: (image["state"], image["exit_code"]) for name, image in images.items()},
                         {"nowhere.tar": ("failed", 3), "static.tar": ("built", 0), "./static.tar": ("failed", 1),
                          ".//static.tar": ("failed", 3), "../static.tar": ("failed", 2)})
        self.assertEqual(images["./static.tar"]["verdict"], "inconclusive")
        self.assertEqual(sorted(name for name in os.listdir(self.folder) if name[0].isdigit()), ["2.tar"])
        self.assertIn("batch.yaml: line 1: nowhere.tar: ", self.err)
        self.assertIn("unknown key", images[".//static.tar"]["error"])
        self.assertIn("nam", images[".//static.tar"]["error"])
        with open(self.path("summary"), encoding="utf-8") as summary:
            summary = summary.read()
        self.assertRegex(summary, r"(?m)^static\.tar +1\.3 MB +7\d\d\.\d kB +\d\d % +\d+\.\d s  same$")
        self.assertIn("\n1 slimmed, 0 as before, 4 failed; ", summary)
        # what was done stays done, the rest is tried again
        images = self.batch(file, status=1, env={"GITHUB_ACTIONS": "true", "GITHUB_OUTPUT": self.path("outputs"),
                                                 "GITHUB_STEP_SUMMARY": self.path("steps")})
        self.assertEqual(self.counts, {"built": 0, "unchanged": 1, "failed": 4, "stopped": 0})
        # in a workflow each is an annotation of the batch, and who has a report is in the summary
        self.assertEqual(sum(line.startswith("::error title=slim%3A ") for line in self.err.splitlines()), 4, self.err)
        self.assertFalse(os.path.exists(self.path("outputs")))
        with open(self.path("steps"), encoding="utf-8") as steps:
            self.assertEqual(steps.read().count("\n**Verdict: inconclusive.**"), 1)

    def test_the_command_line_holds_for_every_image(self):
        self.copy("static")
        os.mkdir(self.path("batches"))
        file = self.write("batches/batch", "../static.tar docker-archive:one.tar\n../static.tar docker-archive:two.tar --profile safe\n")
        self.write("rules.json", '[{"id": "own", "why": "w", "source": "s", "when": {"exists": "/bin/greet"}, "keep": ["/etc/**"]}]')
        done = slim("build", "--batch", file, "--no-run", "--rules", "rules.json", "--quiet", cwd=self.folder)
        self.assert_status(done, 0)
        self.assertEqual(done.out, "")
        for name in ("one.tar", "two.tar"):
            with open(self.path("batches", name), "rb") as image:
                self.assertIn(b"--rules rules.json", image.read())

    def test_a_signal_stops_all_and_leaves_nothing_half_written(self):
        for name in ("static", "nginx"):
            self.copy(name)
        file = self.write("batch.yaml", """\
- { image: static.tar, output: 'docker-archive:static-slim.tar', no-run: true }
- { image: nginx.tar, output: 'docker-archive:1.tar', repeat: 20, timeout: 5m, probe: long.yaml }
- { image: ./nginx.tar, output: 'docker-archive:2.tar', repeat: 20, timeout: 5m, probe: long.yaml }
- { image: static.tar, output: 'docker-archive:never.tar', no-run: true }
""")
        self.write("long.yaml", "probes:\n  - name: long\n    ready: { tcp: 80 }\n    steps:\n      - wait: 100s\n")
        for number in (signal.SIGINT, signal.SIGTERM):
            with self.subTest(signal=number):
                running = subprocess.Popen([PROGRAM, "build", "--batch", file, "--jobs", "2"], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
                children = self.wait_for_children(running.pid, 2)
                running.send_signal(number)
                out, err = running.communicate(timeout=60)
                self.assertEqual(running.returncode, -number, err)
                self.assertEqual(out, b"")
                self.assertIn(b"slim: stopped by a signal: 1 of 4 images are done", err)
                self.assertEqual([pid for pid in children if os.path.exists("/proc/%d" % pid)], [])
                self.assertEqual(sorted(name for name in os.listdir(self.folder) if name.endswith(".tar")),
                                 ["nginx.tar", "static-slim.tar", "static.tar"])
                self.assertEqual(self.leftovers(), [])
        # and it goes on where it was stopped
        self.write("batch.yaml", "static.tar docker-archive:static-slim.tar --no-run\nstatic.tar docker-archive:never.tar --no-run\n")
        images = slim("build", "--batch", file, "--format", "json").json()["images"]
        self.assertEqual([image["state"] for image in images], ["unchanged", "built"])

    def wait_for_children(self, pid, count):
        """The processes of images whose containers run."""
        limit = time.monotonic() + 60
        while time.monotonic() < limit:
            with open("/proc/%d/task/%d/children" % (pid, pid), encoding="ascii") as file:
                children = [int(child) for child in file.read().split()]
            if len(children) == count and os.path.exists(self.path("static-slim.tar")) and all(self.runs_nginx(child) for child in children):
                return children
            time.sleep(0.2)
        raise AssertionError("two images do not run at once")

    @staticmethod
    def runs_nginx(pid):
        """Whether an nginx is below the process."""
        for name in filter(str.isdigit, os.listdir("/proc")):
            with contextlib.suppress(OSError):
                with open("/proc/%s/comm" % name, encoding="utf-8", errors="replace") as comm:
                    if comm.read().strip() != "nginx":
                        continue
                above = int(name)
                while above > 1:
                    with open("/proc/%d/stat" % above, encoding="utf-8", errors="replace") as stat:
                        above = int(stat.read().rpartition(")")[2].split()[1])
                    if above == pid:
                        return True
        return False


class BadFile(BatchTest):
    def fails(self, text, *expected, status=3, options=()):
        file = self.write("batch.yaml", text)
        done = slim("build", "--batch", file, *options)
        self.assert_status(done, status)
        for words in expected:
            self.assertIn(words, done.err)
        self.assertEqual(done.out, "")
        self.assertEqual(os.listdir(self.folder), ["batch.yaml"])

    def test_it_is_named_with_its_line(self):
        self.fails("- image: a\n  output: oci:a\n  profle: safe\n", "batch.yaml: line 3: ", "did you mean profile?")
        self.fails("- image: a\n", "batch.yaml: line 1: ", "output")
        self.fails("images: [\n", "batch.yaml: line 2, column 1: not valid YAML")
        self.fails("a\n", "batch.yaml: line 1: expected IMAGE DEST")
        self.fails("a oci:x\nb oci:x\n", "line 2: oci:x: line 1 has the same output")
        self.fails("- { image: a, output: 'oci:a', quiet: true }\n", "unknown key")
        self.fails("", "it names no image")

    def test_wrong_usage(self):
        self.fails("a oci:a\n", "expected no others", status=2, options=("-o", "oci:b"))
        self.fails("a oci:a\n", "belongs to one image", status=2, options=("--tag", "x"))
        self.fails("a oci:a\n", "told as text or json", status=2, options=("--format", "xml"))
        self.assert_status(slim("build", "--batch", self.path("nowhere")), 3)
        for arguments in ((), ("image",), ("-o", "oci:a")):
            done = slim("build", *arguments)
            self.assert_status(done, 2)
            self.assertIn("is required", done.err)


if __name__ == "__main__":
    main()
