#!/usr/bin/python3
"""The same input gives the same bytes, whatever the folder, the time, the file's own times, and --jobs."""

import os
import shutil
import time

from slim_program import SystemTest, main, original_of, slim


def content(top):
    """A file, or all files of a folder, as bytes."""
    if os.path.isfile(top):
        with open(top, "rb") as file:
            return file.read()
    return {os.path.relpath(os.path.join(folder, name), top): content(os.path.join(folder, name))
            for folder, _, files in os.walk(top) for name in files}


class Reproducible(SystemTest):
    def compare(self, name, output, *options):
        """Builds twice with everything changed that must not count; returns the digest in the report."""
        results, reports = [], []
        for number, jobs in enumerate(("1", "2")):
            folder = self.path("%d-%s" % (number, output))
            os.mkdir(folder)
            image = os.path.join(folder, "image-%d.tar" % number)
            shutil.copyfile(original_of(name), image)
            os.utime(image, (1500000000 + number, 1500000000 + number))
            transport, _, suffix = output.partition("-tag-")
            place = os.path.join(folder, "slimmed")
            destination = "%s:%s%s" % (transport, place, ":" + suffix if suffix else "")
            finished = slim("build", "docker-archive:" + image, "-o", destination, "--jobs", jobs,
                            "--format", "json", "--no-run", *options, cwd=folder,
                            env={"TZ": ("UTC", "Asia/Tokyo")[number], "TMPDIR": folder, "XDG_CACHE_HOME": folder})
            self.assert_status(finished, 0)
            results.append(content(place))
            reports.append(finished.json())
            time.sleep(1.1)  # a time of now in the output would differ
        self.assertTrue(results[0] == results[1], "%s of %s: two builds differ" % (output, name))
        self.assertEqual(reports[0]["image"], {**reports[1]["image"], "ref": reports[0]["image"]["ref"]})

    def test_docker_archive(self):
        self.compare("nginx", "docker-archive")

    def test_oci_gzip(self):
        self.compare("redis", "oci-tag-latest", "--compression", "gzip")

    def test_oci_zstd(self):
        self.compare("redis", "oci-tag-latest", "--compression", "zstd:3")

    def test_oci_archive(self):
        self.compare("plugin", "oci-archive", "--compression", "gzip:2")

    def test_a_build_with_runs_gives_the_same_as_the_next(self):
        digests = set()
        for number in range(2):
            place = self.path("slimmed-%d.tar" % number)
            self.assert_status(slim("build", "docker-archive:" + original_of("static"), "-o",
                                    "docker-archive:" + place), 0)
            digests.add(content(place))
        self.assertEqual(len(digests), 1)


if __name__ == "__main__":
    main()
