"""Small root folders with programs and libraries that gcc makes, each to try one rule of glibc's loader, and what
that loader says about them: in a trace, or in the memory map of a program that runs."""

import ctypes
import os
import platform
import re
import shutil
import subprocess
import unittest

from slim_program import need_program, need_root

LOADER = "/lib64/ld-linux-x86-64.so.2"
LIBRARIES = "/lib/x86_64-linux-gnu"
MUSL_LOADER = "/lib/ld-musl-x86_64.so.1"
NOBODY = 65534
PROGRAM = '#include <unistd.h>\nint main(void) { write(1, "ready\\n", 6); pause(); return 0; }\n'


def need_fixtures(loader=LOADER, compiler="gcc"):
    """Skips, with the reason, where such a root folder cannot be made or entered."""
    if platform.machine() != "x86_64" or not os.path.exists(loader):
        raise unittest.SkipTest("no %s on this machine" % loader)
    need_program(compiler)
    need_program("unshare")
    need_root()
    if subprocess.run(["unshare", "--mount", "true"], capture_output=True, check=False).returncode != 0:
        raise unittest.SkipTest("no mount namespaces here")


class Root:
    """A root folder with this machine's loader and C library in it."""

    files = (LOADER, LIBRARIES + "/libc.so.6")
    compiler = "gcc"

    def __init__(self, top):
        self.top = top
        self.stubs = top + ".stubs"
        os.makedirs(self.stubs)
        os.chmod(os.path.dirname(top), 0o755)
        for path in self.files:
            os.makedirs(os.path.dirname(self.at(path)), exist_ok=True)
            shutil.copy(path, self.at(path))
        for folder in ("/etc", "/proc"):
            os.makedirs(self.at(folder))

    def at(self, path):
        return self.top + path

    def put(self, path, content):
        os.makedirs(os.path.dirname(self.at(path)), exist_ok=True)
        with open(self.at(path), "wb") as file:
            file.write(content)

    def link(self, path, target):
        os.makedirs(os.path.dirname(self.at(path)), exist_ok=True)
        os.symlink(target, self.at(path))

    def compile(self, path, source, needed, options):
        os.makedirs(os.path.dirname(path), exist_ok=True)
        for name in needed:
            if not os.path.exists(os.path.join(self.stubs, name)):
                self.compile(os.path.join(self.stubs, name), "", (), ("-shared", "-nostdlib", "-Wl,-soname," + name))
        command = [self.compiler, "-w", "-fPIC", "-x", "c", "-", "-o", path, "-L" + self.stubs, "-Wl,--no-as-needed",
                   "-x", "none", *options, *("-l:" + name for name in needed)]
        subprocess.run(command, input=source.encode(), check=True, timeout=60)

    def library(self, path, needed=(), options=(), soname=None):
        name = os.path.basename(path) if soname is None else soname
        self.compile(self.at(path), "", needed,
                      ("-shared", "-nostdlib", *(("-Wl,-soname," + name,) if name else ()), *options))

    def program(self, path, needed=(), options=()):
        self.compile(self.at(path), PROGRAM, needed, options)

    def edit(self, path, offset, value):
        """Changes bytes of a file, as of an ELF header."""
        with open(self.at(path), "r+b") as file:
            file.seek(offset)
            file.write(value)

    def ldconfig(self):
        subprocess.run(["ldconfig", "-r", self.top], check=True, timeout=60, stderr=subprocess.DEVNULL)

    def _enter(self, user, folder):
        def call(function, *arguments):
            if getattr(libc, function)(*arguments) != 0:
                raise OSError(ctypes.get_errno(), function)

        libc = ctypes.CDLL(None, use_errno=True)
        new_mounts, private, bind = 0x20000, 0x44000, 0x5000  # CLONE_NEWNS, MS_PRIVATE|MS_REC, MS_BIND|MS_REC

        def enter():
            call("unshare", new_mounts)
            call("mount", None, b"/", None, private, None)
            call("mount", b"/proc", self.at("/proc").encode(), None, bind, None)  # where a program finds its $ORIGIN
            os.chroot(self.top)
            os.chdir(folder)
            if user:
                os.setgroups([])
                os.setgid(user)
                os.setuid(user)
        return enter

    def trace(self, path, environment=None, levels=(), folder="/"):
        """(paths, missing names, error) by the loader, in its order, on a processor of these hwcaps levels."""
        argv = [LOADER, "--glibc-hwcaps-mask", "none-at-all"]
        if levels:
            argv += ["--glibc-hwcaps-prepend", ":".join(levels)]
        done = subprocess.run([*argv, path], env={**(environment or {}), "LD_TRACE_LOADED_OBJECTS": "1"}, timeout=60,
                              capture_output=True, check=False, preexec_fn=self._enter(0, folder))
        paths, missing = [], []
        for line in done.stdout.decode().splitlines():
            match = re.match(r"\t(?:(\S+) => )?(not found|\S+)(?: \(0x[0-9a-f]+\))?$", line)
            if not match or match[2] == "linux-vdso.so.1":
                continue
            if match[2] == "not found":
                missing.append(match[1])
            else:
                paths.append(match[2])
        return paths, missing, done.stderr.decode().strip()

    def mapped(self, path, environment=None, user=0):
        """The files of the root folder that a running program has in its memory, sorted; its own left out."""
        running = subprocess.Popen([path], env=environment or {}, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                   preexec_fn=self._enter(user, "/"))
        try:
            ready = running.stdout.readline()
            if ready != b"ready\n":
                return running.stderr.read().decode().strip()
            with open("/proc/%d/maps" % running.pid, encoding="utf-8") as maps:
                files = {line.split(None, 5)[5].rstrip("\n") for line in maps if len(line.split(None, 5)) == 6}
        finally:
            running.kill()
            running.communicate()
        top = os.path.realpath(self.top)
        inside = {file[len(top):] if file.startswith(top + "/") else file for file in files if file.startswith("/")}
        return sorted(inside - {os.path.realpath(self.at(path))[len(top):]})


class MuslRoot(Root):
    """The same with musl's loader, which is its C library too."""

    files = (MUSL_LOADER,)
    compiler = "musl-gcc"

    def trace(self, path, environment=None, levels=(), folder="/"):
        done = subprocess.run([MUSL_LOADER, "--list", path], env=environment or {}, timeout=60, capture_output=True,
                              check=False, preexec_fn=self._enter(0, folder))
        paths = re.findall(r"^\t\S+ => (\S+) \(0x", done.stdout.decode(), re.MULTILINE)
        missing = re.findall(r"^Error loading shared library ([^:]+):", done.stderr.decode(), re.MULTILINE)
        return [path for path in paths if path != MUSL_LOADER], missing, ""
