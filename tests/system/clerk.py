"""Images with the program clerk.c and what it is told to do: root folders, made in no time."""

import os
import subprocess

from slim_program import need_program

SETTINGS = {"point": ".", "zone": "CET-1", "exit": "0", "health": "200 OK", "header": "1", "zombie": "0"}


def make_program(path):
    need_program("gcc")
    source = os.path.join(os.path.dirname(os.path.realpath(__file__)), "clerk.c")
    subprocess.run(["gcc", "-O1", "-static", "-Wall", "-Wextra", "-Werror", "-o", path, source], check=True)


def make_image(root, program, **changes):
    """A root folder with the program and its settings, as slim takes it."""
    for folder in ("bin", "etc"):
        os.makedirs(os.path.join(root, folder))
    os.link(program, os.path.join(root, "bin", "clerk"))
    with open(os.path.join(root, "etc", "clerk"), "w", encoding="utf-8") as file:
        file.writelines("%s=%s\n" % setting for setting in {**SETTINGS, **changes}.items())
    return "rootfs:" + root
