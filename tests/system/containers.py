"""One way to start containers, with two engines behind it: `slim run`, and a Docker daemon of the test's own.

Containers get no network but their own loopback; a test reaches a server in one by opening its socket in the
container's network namespace, so that no port of this machine is needed or disturbed."""

import contextlib
import ctypes
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import unittest

from slim_program import PROGRAM, Finished, need_program, need_root

CLONE_NEWNET = 0x40000000
LISTEN = "0A"  # the state in /proc/PID/net/tcp
START_LIMIT = 30  # seconds that a server may take


@contextlib.contextmanager
def network_of(pid):
    """Runs the body in the network namespace of another process. A socket stays in the one it was made in."""
    libc = ctypes.CDLL(None, use_errno=True)

    def enter(path):
        with open(path, "rb") as namespace:
            if libc.setns(namespace.fileno(), CLONE_NEWNET) != 0:
                raise OSError(ctypes.get_errno(), "setns", path)

    with open("/proc/thread-self/ns/net", "rb") as own:
        enter("/proc/%d/ns/net" % pid)
        try:
            yield
        finally:
            if libc.setns(own.fileno(), CLONE_NEWNET) != 0:
                os._exit(70)  # nothing may go on in a foreign network


def listens(pid, port):
    with contextlib.suppress(OSError):
        for family in ("tcp", "tcp6"):
            with open("/proc/%d/net/%s" % (pid, family), encoding="ascii") as table:
                for line in table.readlines()[1:]:
                    fields = line.split()
                    if fields[3] == LISTEN and int(fields[1].rpartition(":")[2], 16) == port:
                        return True
    return False


def descendants(pid):
    """The processes below `pid`, as /proc has them now."""
    parents = {}
    for name in filter(str.isdigit, os.listdir("/proc")):
        with contextlib.suppress(OSError):
            with open("/proc/%s/stat" % name, encoding="utf-8", errors="replace") as stat:
                parents[int(name)] = int(stat.read().rpartition(")")[2].split()[1])
    found, wave = [], [pid]
    while wave:
        wave = [child for child, parent in parents.items() if parent in wave]
        found += wave
    return found


class Running:
    """A container with a server in it."""

    def __init__(self, process_of_port, is_alive, output, stop):
        self._process_of_port, self._is_alive = process_of_port, is_alive
        self.output, self.stop = output, stop  # output(): what it has printed; stop(): its exit status

    def connect(self, port):
        """A socket to a port of the container; waits until something listens."""
        limit = time.monotonic() + START_LIMIT
        while (pid := self._process_of_port(port)) is None:
            if not self._is_alive() or time.monotonic() > limit:
                raise AssertionError("nothing listens on port %d\n%s" % (port, self.output()))
            time.sleep(0.05)
        with network_of(pid):
            return socket.create_connection(("127.0.0.1", port), timeout=10)


class SlimContainers:
    """Containers by `slim run`."""

    def __init__(self, image):
        need_root()  # to enter a container's network; rootless_test.py is about the rest
        self.image = image

    def _argv(self, arguments, entrypoint, env, mounts):
        argv = [PROGRAM, "run"]
        argv += ["--entrypoint=" + entrypoint] if entrypoint else []
        for value in env:
            argv += ["--env", value]
        for source, target in mounts:
            argv += ["--mount", "type=bind,source=%s,target=%s,readonly" % (source, target)]
        argv.append("docker-archive:" + self.image)
        return argv + (["--", *arguments] if arguments else [])

    def run(self, *arguments, entrypoint=None, env=(), mounts=()):
        argv = self._argv(arguments, entrypoint, env, mounts)
        done = subprocess.run(argv, stdin=subprocess.DEVNULL, capture_output=True, timeout=120, check=False)
        return Finished(argv, done.returncode, done.stdout.decode(errors="replace"),
                        done.stderr.decode(errors="replace"))

    @contextlib.contextmanager
    def start(self, *arguments):
        own = os.readlink("/proc/self/ns/net")
        log = tempfile.TemporaryFile()
        process = subprocess.Popen(self._argv(arguments, None, (), ()), stdin=subprocess.DEVNULL, stdout=log,
                                   stderr=log)

        def process_of_port(port):
            for pid in descendants(process.pid):
                with contextlib.suppress(OSError):
                    if os.readlink("/proc/%d/ns/net" % pid) != own and listens(pid, port):
                        return pid
            return None

        def output():
            return os.pread(log.fileno(), 1 << 20, 0).decode(errors="replace")

        def stop():
            process.send_signal(signal.SIGTERM)
            return process.wait(timeout=30)

        try:
            yield Running(process_of_port, lambda: process.poll() is None, output, stop)
        finally:
            if process.poll() is None:
                process.terminate()
                try:
                    process.wait(timeout=30)
                except subprocess.TimeoutExpired:
                    process.kill()
                    process.wait()
            log.close()


class Daemon:
    """A Docker daemon with its own data-root, exec-root, pidfile and socket, for as long as the test runs."""

    def __init__(self):
        need_root()
        need_program("dockerd")
        need_program("docker")
        self.folder = tempfile.mkdtemp(prefix="slim-dockerd.")
        self.host = "unix://%s/sock" % self.folder
        self.log = open(self.folder + "/log", "wb")
        self.process = None

    def start(self):
        self.process = subprocess.Popen(
            ["dockerd", "--data-root", self.folder + "/data", "--exec-root", self.folder + "/exec",
             "--pidfile", self.folder + "/pid", "--host", self.host, "--bridge", "none", "--iptables=false",
             "--ip6tables=false", "--ip-forward=false", "--ip-masq=false"],
            stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log)
        limit = time.monotonic() + 60
        while self.docker("version", check=False).status != 0:
            if self.process.poll() is not None or time.monotonic() > limit:
                with open(self.folder + "/log", encoding="utf-8", errors="replace") as log:
                    reason = log.read().strip().splitlines()[-1:]
                self.stop()
                raise unittest.SkipTest("a Docker daemon does not start here: %s" % " ".join(reason))
            time.sleep(0.2)

    def stop(self):
        if self.process is not None:
            self.process.terminate()
            try:
                self.process.wait(timeout=60)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self.log.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def docker(self, *arguments, check=True):
        argv = ["docker", "--host", self.host, *arguments]
        done = subprocess.run(argv, stdin=subprocess.DEVNULL, capture_output=True, timeout=300, check=False)
        finished = Finished(argv, done.returncode, done.stdout.decode(errors="replace"),
                            done.stderr.decode(errors="replace"))
        if check and finished.status != 0:
            raise AssertionError(str(finished))
        return finished

    def load(self, archive):
        """Loads a docker archive; the name that the daemon gave it."""
        out = self.docker("load", "--quiet", "--input", archive).out.strip()
        return out.partition(": ")[2]


class DockerContainers:
    """The same containers by a Docker daemon."""

    def __init__(self, daemon, name):
        self.daemon, self.name = daemon, name

    def _options(self, entrypoint, env, mounts):
        options = ["--network", "none"]
        options += ["--entrypoint=" + entrypoint] if entrypoint else []
        for value in env:
            options += ["--env", value]
        for source, target in mounts:
            options += ["--mount", "type=bind,source=%s,target=%s,readonly" % (source, target)]
        return options

    def run(self, *arguments, entrypoint=None, env=(), mounts=()):
        return self.daemon.docker("run", "--rm", *self._options(entrypoint, env, mounts), self.name, *arguments,
                                  check=False)

    @contextlib.contextmanager
    def start(self, *arguments):
        container = self.daemon.docker("run", "--detach", *self._options(None, (), ()), self.name,
                                       *arguments).out.strip()

        def inspect(what):
            return self.daemon.docker("inspect", "--format", "{{.State.%s}}" % what, container).out.strip()

        def process_of_port(port):
            pid = int(inspect("Pid"))
            return pid if pid != 0 and listens(pid, port) else None

        def output():
            logs = self.daemon.docker("logs", container)
            return logs.out + logs.err

        def stop():
            self.daemon.docker("stop", "--time", "20", container)
            return int(inspect("ExitCode"))

        try:
            yield Running(process_of_port, lambda: inspect("Running") == "true", output, stop)
        finally:
            self.daemon.docker("rm", "--force", "--volumes", container)
