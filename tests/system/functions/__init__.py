"""What the test images are for: the functions that each offers, exercised from outside, far more of them than
slim sees when it starts an image by itself. Each class is run against `slim run` and against Docker, and against the
original to test the test (functions_test.py --original NAME)."""

from . import java, node, php, postgres, programs, python, scripts, servers

OF_IMAGE = {}
for module in (java, node, php, postgres, programs, python, scripts, servers):
    OF_IMAGE.update(module.OF_IMAGE)
