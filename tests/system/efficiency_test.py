#!/usr/bin/python3
"""Efficiency and waste of small images, worked out by hand after dive's definition: every layer's files (and links, empty
folders and deletions) are copies of their paths; efficiency is the sum over the paths of the smallest copy to the sum of
all copies, and wasted are all copies of paths that have more than one."""

import os
import unittest

from slim_program import SHARED_DATA, SystemTest, main, slim

IMAGES = os.path.join(SHARED_DATA, "images")
SCRIPTS = 917 + 1270  # the two files of /root/.data

# Both images come from one Dockerfile: busybox, then steps that copy, move and delete one file of `size` bytes.
#   somefile.txt, /root/example/somefile2.txt, /root/.saved.txt (moved there), /tmp/saved.again1.txt and
#   /root/.data/saved.again2.txt: one copy each                                                        5 x size
#   /root/example/somefile1.txt (copied, then changed in mode): 2 copies, of which one is enough       2 x size
#   /root/example/somefile3.txt: 1 copy, and its deletion, a copy of no bytes, which is the smallest   1 x size
#   /root/saved.txt: 2 copies, of which one is enough                                                  2 x size
#   /root/example is deleted when somefile1 and somefile2 are in it: its only copy, of their bytes     2 x size
COPIES = 5 + 2 + 1 + 2 + 2
SMALLEST = COPIES - 1 - 1 - 1
WASTED = 2 + 1 + 2


def of_the_dockerfile(base, size):
    every = base + COPIES * size + SCRIPTS
    return (every - (COPIES - SMALLEST) * size) / every, WASTED * size


EXPECTED = {
    "docker-save-legacy.tar": of_the_dockerfile(1_154_361, 6405),
    "kaniko.tar": of_the_dockerfile(1_231_733, 9249),
    "docker-archive-gzip.tar": (1.0, 0), "oci-estargz.tar": (1.0, 0), "oci-gzip.tar": (1.0, 0),
    "oci-uncompressed.tar": (1.0, 0), "oci-zstd.tar": (1.0, 0),  # one file in one layer
}


class Efficiency(SystemTest):
    def test_the_numbers_are_those_worked_out_by_hand(self):
        if not os.path.isdir(IMAGES):
            raise unittest.SkipTest("%s is not here" % IMAGES)
        self.assertEqual(sorted(os.listdir(IMAGES)), sorted(EXPECTED), "an image that nobody worked out")
        for name, (efficiency, wasted) in EXPECTED.items():
            with self.subTest(image=name):
                finished = slim("analyze", os.path.join(IMAGES, name), "--format", "json")
                self.assert_status(finished, 0)
                size = finished.json()["size"]
                self.assertEqual(size["wasted"], wasted)
                self.assertAlmostEqual(size["efficiency"], efficiency, places=12)

    def test_they_are_what_dive_itself_says(self):
        """Of its own test image dive prints `efficiency: 98.4421 %` and `wastedBytes: 32025 bytes`."""
        efficiency, wasted = EXPECTED["docker-save-legacy.tar"]
        self.assertEqual("%.4f" % (100 * efficiency), "98.4421")
        self.assertEqual(wasted, 32025)


if __name__ == "__main__":
    main()
