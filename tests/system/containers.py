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
START_LIMIT = 90  # seconds that a server may take


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
    """A container with a server in it, whichever engine runs it: `engine` has process_of_port(port), is_alive(),
    output() (what it has printed), stop() and wait() (its exit status), signal(name without SIG) and execute(argv)."""

    def __init__(self, engine):
        self._engine = engine
        self.output, self.stop, self.signal, self.wait = engine.output, engine.stop, engine.signal, engine.wait

    def _wait(self, found, what):
        limit = time.monotonic() + START_LIMIT
        while not (answer := found()):
            if not self._engine.is_alive() or time.monotonic() > limit:
                raise AssertionError("%s\n%s" % (what, self.output()))
            time.sleep(0.05)
        return answer

    def connect(self, port):
        """A socket to a port of the container; waits until something listens."""
        pid = self._wait(lambda: self._engine.process_of_port(port), "nothing listens on port %d" % port)
        with network_of(pid):
            return socket.create_connection(("127.0.0.1", port), timeout=10)

    def wait_for(self, text, times=1):
        """Waits until the container has printed the text."""
        self._wait(lambda: self.output().count(text) >= times, "it did not print: " + text)

    def exec(self, *argv):
        """Another process in the container, as `docker exec` starts it: what it said and how it ended."""
        return self._engine.execute(argv)


def finished(argv, limit, env=None):
    done = subprocess.run(argv, stdin=subprocess.DEVNULL, capture_output=True, timeout=limit, check=False, env=env)
    return Finished(argv, done.returncode, done.stdout.decode(errors="replace"), done.stderr.decode(errors="replace"))


def start_options(entrypoint=None, env=(), mounts=(), user=None):
    """Options that `slim run` and `docker run` share. A mount is (source, target), or (source, target, "rw")."""
    options = ["--entrypoint=" + entrypoint] if entrypoint else []
    options += ["--user=" + user] if user else []
    for value in env:
        options += ["--env", value]
    for source, target, *access in mounts:
        options += ["--mount", "type=bind,source=%s,target=%s%s" % (source, target, "" if access == ["rw"] else ",readonly")]
    return options


class SlimRun:
    """A container that `slim run` keeps."""

    def __init__(self, argv):
        self.own = os.readlink("/proc/self/ns/net")
        self.log = tempfile.TemporaryFile()
        self.process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log)

    def _processes(self):
        for pid in descendants(self.process.pid):
            with contextlib.suppress(OSError):
                if os.readlink("/proc/%d/ns/net" % pid) != self.own:
                    yield pid

    def process_of_port(self, port):
        return next((pid for pid in self._processes() if listens(pid, port)), None)

    def is_alive(self):
        return self.process.poll() is None

    def output(self):
        return os.pread(self.log.fileno(), 1 << 20, 0).decode(errors="replace")

    def signal(self, name):
        self.process.send_signal(getattr(signal, "SIG" + name))

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        return self.wait()

    def wait(self):
        return self.process.wait(timeout=30)

    def execute(self, argv):
        pid = next(pid for pid in self._processes() if first_in_namespace(pid))
        with open("/proc/%d/status" % pid, encoding="utf-8") as status:
            fields = dict(line.split(":", 1) for line in status)
        with open("/proc/%d/environ" % pid, "rb") as environ:
            env = dict(entry.decode(errors="replace").split("=", 1) for entry in environ.read().split(b"\0") if b"=" in entry)
        enter = [shutil.which("nsenter"), "--target=%d" % pid, "--mount", "--uts", "--ipc", "--net", "--pid", "--root", "--wd",
                 "--setuid=" + fields["Uid"].split()[1], "--setgid=" + fields["Gid"].split()[1], "--"]
        return finished([*enter, *argv], 60, env)

    def close(self):
        if self.is_alive():
            self.process.terminate()
            try:
                self.process.wait(timeout=30)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self.log.close()


def first_in_namespace(pid):
    """Whether a process is number 1 of its pid namespace."""
    with open("/proc/%d/status" % pid, encoding="utf-8", errors="replace") as status:
        return any(line.startswith("NSpid:") and line.split()[-1] == "1" for line in status)


class SlimContainers:
    """Containers by `slim run`."""

    def __init__(self, image):
        need_root()  # to enter a container's network; rootless_test.py is about the rest
        self.image = image

    def _argv(self, arguments, options):
        argv = [PROGRAM, "run", *start_options(**options), "docker-archive:" + self.image]
        return argv + (["--", *arguments] if arguments else [])

    def run(self, *arguments, **options):
        return finished(self._argv(arguments, options), 120)

    @contextlib.contextmanager
    def start(self, *arguments, **options):
        engine = SlimRun(self._argv(arguments, options))
        try:
            yield Running(engine)
        finally:
            engine.close()


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
        done = finished(["docker", "--host", self.host, *arguments], 300)
        if check and done.status != 0:
            raise AssertionError(str(done))
        return done

    def load(self, archive):
        """Loads a docker archive; the name that the daemon gave it."""
        out = self.docker("load", "--quiet", "--input", archive).out.strip()
        return out.partition(": ")[2]


class DockerRun:
    """A container of a Docker daemon."""

    def __init__(self, daemon, argv):
        self.daemon = daemon
        self.container = daemon.docker("run", "--detach", *argv).out.strip()

    def _inspect(self, what):
        return self.daemon.docker("inspect", "--format", "{{.State.%s}}" % what, self.container).out.strip()

    def process_of_port(self, port):
        pid = int(self._inspect("Pid"))
        return pid if pid != 0 and listens(pid, port) else None

    def is_alive(self):
        return self._inspect("Running") == "true"

    def output(self):
        logs = self.daemon.docker("logs", self.container)
        return logs.out + logs.err

    def signal(self, name):
        self.daemon.docker("kill", "--signal", name, self.container)

    def stop(self):
        self.daemon.docker("stop", "--time", "20", self.container)
        return int(self._inspect("ExitCode"))

    def wait(self):
        return int(self.daemon.docker("wait", self.container).out)

    def execute(self, argv):
        return self.daemon.docker("exec", self.container, *argv, check=False)

    def close(self):
        self.daemon.docker("rm", "--force", "--volumes", self.container)


class DockerContainers:
    """The same containers by a Docker daemon."""

    def __init__(self, daemon, name):
        self.daemon, self.name = daemon, name

    def _argv(self, arguments, options):
        return ["--network", "none", *start_options(**options), self.name, *arguments]

    def run(self, *arguments, **options):
        return self.daemon.docker("run", "--rm", *self._argv(arguments, options), check=False)

    @contextlib.contextmanager
    def start(self, *arguments, **options):
        engine = DockerRun(self.daemon, self._argv(arguments, options))
        try:
            yield Running(engine)
        finally:
            engine.close()
