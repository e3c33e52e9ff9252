"""Runs the loaders that an unpacked image has, to hear what they would load: the independent witness of `slim deps`.

A loader maps a file and the libraries that it needs, prints their paths and ends; it runs nothing of them. It does so in a
chroot, as a process of a network and a pid namespace of its own (see enter_namespaces), with a limit on its time and
forbidden to write files.
"""

import contextlib
import hashlib
import multiprocessing
import os
import re
import resource
import shutil
import struct
import subprocess
import sys
import tarfile

import image_archive
from slim_program import need_root

PT_DYNAMIC, PT_INTERP = 2, 3
ET_EXEC, ET_DYN = 2, 3
GLIBC_LOADERS = {"x86_64": "/lib64/ld-linux-x86-64.so.2", "aarch64": "/lib/ld-linux-aarch64.so.1"}
MUSL_LOADERS = {"x86_64": "/lib/ld-musl-x86_64.so.1", "aarch64": "/lib/ld-musl-aarch64.so.1"}
MACHINES = {62: "x86_64", 183: "aarch64"}
LEVELS = ["x86-64-v2", "x86-64-v3", "x86-64-v4"]
SECONDS = 60  # for one file; the slowest needs less than one


def enter_namespaces():
    """Starts the calling script anew where there is no network, and where nothing that it starts outlives it."""
    need_root()
    if os.environ.get("SLIM_IN_NAMESPACES") != "1":
        os.environ["SLIM_IN_NAMESPACES"] = "1"
        os.execvp("unshare", ["unshare", "--mount", "--net", "--pid", "--fork", "--kill-child", "--mount-proc",
                              sys.executable, *sys.argv])


@contextlib.contextmanager
def root_folder(folder):
    """A folder to unpack an image to, in memory where there is enough of it. Only inside of enter_namespaces."""
    os.makedirs(folder)
    in_memory = os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") > 4 << 30
    if in_memory:
        subprocess.run(["mount", "-t", "tmpfs", "-o", "mode=755", "tmpfs", folder], check=True)
    try:
        yield folder
    finally:
        if in_memory:
            subprocess.run(["umount", folder], check=True)
        shutil.rmtree(folder)


def unpack(image, folder):
    """The image's files in `folder`, written by tar: layer by layer, what later layers remove removed."""
    for layer in image.layers:
        with image_archive.layer_tar(layer) as tar:
            names = [os.path.normpath(member.name) for member in tar if image_archive.WHITEOUT in member.name]
        for name in names:
            parent, base = os.path.split(os.path.join(folder, name))
            hidden = [os.path.join(parent, base.removeprefix(image_archive.WHITEOUT))]
            if base == image_archive.OPAQUE:
                hidden = [entry.path for entry in os.scandir(parent)] if os.path.isdir(parent) else []
            for path in hidden:
                (shutil.rmtree if os.path.isdir(path) and not os.path.islink(path) else os.unlink)(path)
        unpack_tar(layer, folder)


def unpack_tar(path, folder):
    subprocess.run(["tar", "-C", folder, "--numeric-owner", "--exclude=.wh.*", "--exclude=./dev/*", "-xpf", path],
                   check=True)


class Elf:
    """A dynamic ELF file of a root, by its path there; `interpreter` is empty for libraries."""

    def __init__(self, path, machine, interpreter, digest):
        self.path, self.machine, self.interpreter, self.digest = path, machine, interpreter, digest


def read_elf(top, path):
    """None for what is no dynamic program or library of 64 bits, little-endian."""
    with open(top + path, "rb") as file:
        header = file.read(64)
        if len(header) < 64 or header[:6] != b"\x7fELF\x02\x01":
            return None
        kind, machine = struct.unpack_from("<HH", header, 16)
        offset, = struct.unpack_from("<Q", header, 32)
        size, count = struct.unpack_from("<HH", header, 54)
        if kind not in (ET_EXEC, ET_DYN):
            return None
        dynamic, interpreter = False, ""
        for i in range(count):
            file.seek(offset + i * size)
            segment = struct.unpack("<IIQQQQQQ", file.read(56))
            dynamic = dynamic or segment[0] == PT_DYNAMIC
            if segment[0] == PT_INTERP:
                file.seek(segment[2])
                interpreter = file.read(segment[5]).split(b"\0")[0].decode()
        if not dynamic:
            return None
        file.seek(0)
        return Elf(path, MACHINES.get(machine, "machine %d" % machine), interpreter,
                   hashlib.file_digest(file, "sha256").hexdigest())


def dynamic_elf_files(top):
    """Every one below `top`, each name of a hard link by itself."""
    found = []
    for folder, _, names in os.walk(top):
        for name in names:
            path = os.path.join(folder, name)
            if os.path.isfile(path) and not os.path.islink(path):
                found.append(read_elf(top, path.removeprefix(top)))
    return [elf for elf in found if elf is not None]


class Answer:
    """What is loaded for one file. paths: as the loader prints them, in its order. missing: names, in its order."""

    def __init__(self, paths, missing, failure=""):
        self.paths, self.missing, self.failure = paths, missing, failure

    def __eq__(self, other):
        return vars(self) == vars(other)

    def __str__(self):
        return "; ".join(filter(None, [self.failure, " ".join(self.paths),
                                       "missing: " + " ".join(self.missing) if self.missing else ""]))


def glibc_answer(done):
    """Of LD_TRACE_LOADED_OBJECTS: `NAME => PATH (ADDRESS)`, `PATH (ADDRESS)` or `NAME => not found` a line.
    linux-vdso.so.1 comes from the kernel."""
    paths, missing = [], []
    for line in done.stdout.decode().splitlines():
        if line.endswith(" => not found"):
            missing.append(line[1:].removesuffix(" => not found"))
        elif found := re.fullmatch(r"\t(?:.* => )?(.*) \(0x[0-9a-f]+\)", line):
            if found[1] != "linux-vdso.so.1":
                paths.append(found[1])
    failure = "" if done.returncode == 0 else "exit status %d: %s" % (done.returncode, done.stderr.decode().strip())
    return Answer(paths, missing, failure)


def musl_answer(done, loader):
    """Of --list. musl names itself first and wherever it is needed, and what is missing on standard error, behind
    which its exit status is 127 (as it is for symbols that a library expects of whoever loads it)."""
    found = re.findall(r"^\t.* => (.*) \(0x[0-9a-f]+\)$", done.stdout.decode(), re.MULTILINE)
    errors = done.stderr.decode()
    missing = re.findall(r"^Error loading shared library (.*?): .* \(needed by .*\)$", errors, re.MULTILINE)
    known = missing or "Error relocating" in errors
    failure = "" if done.returncode == 0 or known else "exit status %d: %s" % (done.returncode, errors.strip())
    return Answer([path for path in found if path != loader], missing, failure)


def choose_loader(top, elf):
    """The one that the file names; for a library, the one that its image has."""
    if elf.interpreter:
        return elf.interpreter
    for loaders in (GLIBC_LOADERS, MUSL_LOADERS):
        loader = loaders.get(elf.machine)
        if loader and os.path.exists(os.path.join(top, loader.lstrip("/"))):
            return loader
    return ""


def _enter_root(top, working_folder):
    os.chroot(top)
    os.chdir(working_folder)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _ask(job):
    elf, loader, prefix, environment, level = job
    if not loader:
        return Answer([], [], "no loader for %s" % elf.machine)
    if loader in MUSL_LOADERS.values():
        argv = [loader, "--list", elf.path]
    else:
        # no level that this machine's processor has, and those asked for whether it has them or not
        levels = LEVELS[LEVELS.index(level)::-1] if level else []
        argv = [loader, "--glibc-hwcaps-mask", "none", *(["--glibc-hwcaps-prepend", ":".join(levels)] if levels else []),
                elf.path]
        environment = {**environment, "LD_TRACE_LOADED_OBJECTS": "1"}
    try:
        done = subprocess.run([*prefix, *argv], env=environment, timeout=SECONDS, input=b"",
                              capture_output=True, check=False)
    except subprocess.TimeoutExpired:
        return Answer([], [], "not done after %d s" % SECONDS)
    return musl_answer(done, loader) if loader in MUSL_LOADERS.values() else glibc_answer(done)


def loader_answers(top, files, environment=None, level="", working_folder="/"):
    """path -> Answer for each of `files` (Elf), by the loaders of the root folder `top`. `environment` and
    `working_folder`: what the image's config says. `level`: a processor level of glibc, or empty for the baseline."""
    with_loader = [(elf, choose_loader(top, elf)) for elf in files]
    foreign = {elf.machine for elf, loader in with_loader if loader} - {os.uname().machine}
    for machine in foreign:
        shutil.copy(shutil.which(emulator(machine)), top + "/." + emulator(machine))
    jobs = [(elf, loader, ["/." + emulator(elf.machine)] if elf.machine in foreign else [], environment or {}, level)
            for elf, loader in with_loader]
    context = multiprocessing.get_context("fork")
    with context.Pool(len(os.sched_getaffinity(0)), _enter_root, (top, working_folder)) as pool:
        answers = pool.map(_ask, jobs, chunksize=8)
    for machine in foreign:
        os.unlink(top + "/." + emulator(machine))
    return {elf.path: answer for elf, answer in zip(files, answers)}


def emulator(machine):
    """The name of the emulator of a processor's programs: a static one, so that it runs in a foreign root."""
    return "qemu-%s-static" % machine
