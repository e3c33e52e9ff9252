#!/usr/bin/python3
"""The cache of layer indexes: it saves reading, and it proves nothing that was not verified."""

import concurrent.futures
import os
import stat

import layouts
from slim_program import SystemTest, main, slim

USAGE, INPUT, ENVIRONMENT = 2, 3, 4
RUNS = {"Entrypoint": ["/bin/program"]}
FILES = {**layouts.FILES, "bin/program": b"#!/etc/greeting\n"}


class Cache(SystemTest):
    def setUp(self):
        super().setUp()
        self.cache = self.path("home", "slim")
        self.layout, self.image = layouts.small_layout(self.path("image"), RUNS, files=FILES)

    def slim(self, *arguments):
        return slim(*arguments, env={"XDG_CACHE_HOME": self.path("home")})

    def analyze(self, *options, image=None):
        return self.slim("analyze", image or self.image, "--format", "json", "--files", *options)

    def entries(self):
        return sorted(os.listdir(self.cache)) if os.path.isdir(self.cache) else []

    def spoil_layer(self):
        with open(self.layout.blob_path(self.layout.manifest["layers"][0]["digest"]), "r+b") as blob:
            blob.seek(600)
            blob.write(b"!")

    def test_what_it_says_is_what_a_first_read_says(self):
        reports = [self.analyze(*options).json() for options in (["--no-cache"], [], [])]
        for report in reports:
            del report["timings"]
        self.assertEqual(len(self.entries()), 1)
        self.assertEqual(reports[0], reports[1])
        self.assertEqual(reports[0], reports[2])

    def test_no_cache_neither_reads_nor_writes_it(self):
        self.assert_status(self.analyze("--no-cache"), 0)
        self.assertFalse(os.path.exists(self.cache))
        self.assert_status(self.analyze(), 0)
        self.spoil_layer()
        self.assert_status(self.analyze(), 0)  # the layer was verified, and is not read again
        self.assert_status(self.analyze("--no-cache"), INPUT)

    def test_a_build_verifies_what_it_copies(self):
        self.assert_status(self.analyze(), 0)
        self.spoil_layer()
        finished = self.slim("build", self.image, "-o", "docker-archive:" + self.path("out.tar"), "--no-run")
        self.assert_status(finished, INPUT)
        self.assertIn(self.layout.manifest["layers"][0]["digest"], finished.err)
        self.assertFalse(os.path.exists(self.path("out.tar")))

    def test_a_config_that_claims_a_known_diff_id_is_not_believed(self):
        self.assert_status(self.analyze(), 0)
        known = layouts.layer_bytes(FILES)
        planted = layouts.layer_bytes({**FILES, "bin/program": b"#!/etc/evil\n"})
        layout = layouts.Layout(self.path("planted"))
        descriptor = layout.add_image([known], RUNS)
        manifest = {**layout.manifest, "layers": [layout.add_blob(planted, layouts.OCI + "layer.v1.tar")]}
        descriptor = layout.add_blob(layouts.assemble.compact(manifest), layouts.OCI + "manifest.v1+json")
        image = layout.write_index(descriptor)
        for _ in range(2):
            finished = self.analyze(image=image)
            self.assert_status(finished, INPUT)
            self.assertIn("uncompressed: expected digest", finished.err)
        self.assertEqual(len(self.entries()), 1)

    def test_a_broken_entry_is_read_anew(self):
        self.assert_status(self.analyze(), 0)
        entry = os.path.join(self.cache, self.entries()[0])
        with open(entry, "rb") as file:
            whole = file.read()
        for broken in (b"", whole[:-1], whole[:40] + b"!" + whole[41:], whole[:-9] + b"!" + whole[-8:]):
            with open(entry, "wb") as file:
                file.write(broken)
            self.assert_status(self.analyze(), 0)
            with open(entry, "rb") as file:
                self.assertEqual(file.read(), whole)

    def test_a_folder_that_others_may_write_to_is_left_alone(self):
        self.assert_status(self.analyze(), 0)
        self.assertEqual(stat.S_IMODE(os.stat(self.cache).st_mode), 0o700)
        os.unlink(os.path.join(self.cache, self.entries()[0]))
        os.chmod(self.cache, 0o777)
        finished = self.analyze()
        self.assert_status(finished, 0)
        self.assertIn("slim: warning: %s: not used as cache" % self.cache, finished.err)
        self.assertEqual(self.entries(), [])
        finished = self.analyze("--cache", self.cache)
        self.assert_status(finished, ENVIRONMENT)
        self.assertIn("others may write to it", finished.err)

    def test_a_folder_of_the_users_choice(self):
        self.assert_status(self.analyze("--cache", self.path("my", "own")), 0)
        self.assertEqual(len(os.listdir(self.path("my", "own"))), 1)
        self.assertFalse(os.path.exists(self.cache))
        self.assert_status(self.analyze("--cache", self.path("my"), "--no-cache"), USAGE)
        self.assert_status(self.analyze("--cache", "/dev/null/x"), ENVIRONMENT)

    def test_many_processes_use_it_at_once(self):
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            finished = list(pool.map(lambda _: self.analyze(), range(24)))
        for one in finished:
            self.assert_status(one, 0)
            self.assertEqual(one.err, "")
        self.assertEqual(len(self.entries()), 1)


if __name__ == "__main__":
    main()
