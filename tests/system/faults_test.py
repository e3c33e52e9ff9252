#!/usr/bin/python3
"""Programs that do their worst, a runtime that crashes, slim that is killed in the middle: nothing remains, no process, no
mount, no control group, no temporary folder, no half-written output, and the image is untouched. And a sandbox is
closed: what tries to get out of it is refused. As root and as an ordinary user."""

import glob
import hashlib
import http.server
import json
import os
import shutil
import signal
import socket
import subprocess
import threading
import time
import unittest

from ordinary_user import OrdinaryUserTest
from slim_program import PROGRAM, SystemTest, main, need_program, need_root, original_of, slim

PATIENCE = 30  # seconds that a clean-up may take before it counts as none


def digest_of(path):
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def processes_with(text):
    """Those whose environment or arguments hold `text`, but for this test itself."""
    found = []
    for folder in glob.glob("/proc/[0-9]*"):
        if folder == "/proc/%d" % os.getpid():
            continue
        try:
            for name in ("environ", "cmdline"):
                with open(os.path.join(folder, name), "rb") as file:
                    if text.encode() in file.read():
                        found.append(int(os.path.basename(folder)))
                        break
        except OSError:
            continue  # it ended, or is another user namespace's
    return found


def wait_until(holds):
    limit = time.monotonic() + PATIENCE
    while not holds():
        if time.monotonic() > limit:
            return False
        time.sleep(0.05)
    return True


class Faults:
    """The tests; the classes below say as whom."""

    def setUp(self):
        super().setUp()
        self.temporary = self.path("tmp")
        os.mkdir(self.temporary, 0o755)
        self.own(self.temporary)
        self.marker = "%d.%d" % (os.getpid(), time.monotonic_ns())
        self.cli = self.image("cli")
        self.file = self.cli.split(":", 1)[1]
        self.before = (digest_of(self.file), os.stat(self.file).st_mtime_ns)

    def run_slim(self, *arguments):
        return slim(*arguments, program=self.program, prefix=self.prefix, cwd=self.folder,
                    env={**self.environment(), "TMPDIR": self.temporary})

    def start_slim(self, *arguments):
        return subprocess.Popen([*self.prefix, self.program, *arguments], cwd=self.folder, stdin=subprocess.DEVNULL,
                                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                                env={**os.environ, **self.environment(), "TMPDIR": self.temporary})

    def bash(self, script):
        """Options that start a script."""
        return ["--entrypoint", "bash", "--cmd", json.dumps(["-c", script])]

    def left(self):
        """What of a run is still there; empty: nothing."""
        with open("/proc/self/mountinfo", encoding="utf-8") as file:
            mounts = [line for line in file if self.temporary in line]
        groups = [path for name in self.work for path in glob.glob("/sys/fs/cgroup/**/" + name, recursive=True)]
        return (os.listdir(self.temporary) + mounts + groups + processes_with("TMPDIR=" + self.temporary)
                + processes_with(self.marker))

    work = ()  # names of work folders, which control groups have too

    def assert_clean(self):
        self.assertTrue(wait_until(lambda: not self.left()), "left behind: %s" % self.left())
        self.assertEqual((digest_of(self.file), os.stat(self.file).st_mtime_ns), self.before, "the image was touched")

    def test_a_program_that_never_gets_ready_proves_nothing(self):
        output = self.path("slimmed.tar")
        built = self.run_slim("build", self.cli, "-o", "docker-archive:" + output, "--timeout", "3", "--no-observe", *self.bash(
            "while :; do echo still here; sleep 0.2; done"), "--format", "json")
        self.assert_status(built, 1)
        self.assertEqual(built.json()["verdict"]["result"], "inconclusive")
        self.assertFalse(os.path.exists(output))
        self.assert_clean()

    def test_a_program_that_forks_without_end_is_ended(self):
        ended = self.run_slim("run", "--pids", "64", "--timeout", "3", "--entrypoint", "bash", self.cli, "--", "-c",
                              "f() { while :; do f & done; }; f 2> /dev/null; sleep " + self.marker)
        self.assert_status(ended, 124)
        self.assert_clean()

    def test_a_program_that_fills_the_disk_is_stopped(self):
        if os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") < 4 << 30:
            self.skipTest("less than 4 GiB of memory are free")
        ended = self.run_slim("run", "--entrypoint", "bash", self.cli, "--", "-c",
                              "head -c 9G /dev/zero > /var/filled || exit 7")
        self.assertIn(ended.status, (7, 137), str(ended))  # no room, or out of memory
        self.assert_clean()

    def test_a_program_that_ignores_its_signal_is_killed(self):
        trace = self.path("trace.json")
        self.assert_status(self.run_slim("trace", self.cli, "-o", trace, *self.bash(
            "trap '' TERM; echo up; while :; do sleep 0.1; done")), 0)
        with open(trace, encoding="utf-8") as file:
            self.assertEqual(json.load(file)["exit"], {"signal": int(signal.SIGKILL)})
        self.assert_clean()

    def runtime(self, script):
        """A runtime that is runc, but for what the script does with its arguments before."""
        runc = shutil.which("runc") or "/usr/sbin/runc"
        path = self.path("runtime")
        with open(path, "w", encoding="utf-8") as file:
            file.write('#!/bin/sh\n%s\nexec %s "$@"\n' % (script, runc))
        os.chmod(path, 0o755)
        os.chmod(self.folder, 0o755)  # the container's root calls it, who is nobody on the host
        return path

    def test_a_runtime_that_crashes_is_named_and_cleaned_up_after(self):
        for command in ("create", "start"):
            with self.subTest(command=command):
                runtime = self.runtime('case " $* " in *" %s "*) kill -SEGV $$;; esac' % command)
                ended = self.run_slim("run", "--runtime", runtime, "--entrypoint", "sleep", self.cli, "--", self.marker)
                self.assertEqual(ended.status, 125, str(ended))
                self.assertIn("SIGSEGV", ended.err)
                self.assert_clean()

    def test_a_runtime_that_cannot_notify_is_said_and_static_analysis_decides(self):
        runtime = self.runtime('case " $* " in *" create "*) grep -q listenerPath "$(echo "$*" | '
                               "sed 's/.*--bundle \\([^ ]*\\).*/\\1/')/config.json\" && exit 1;; esac")
        output = self.path("slimmed.tar")
        built = self.run_slim("build", self.cli, "-o", "docker-archive:" + output, "--runtime", runtime, *self.bash("echo done"))
        self.assert_status(built, 0)
        self.assertIn("static analysis alone", built.out + built.err)
        report = self.run_slim("build", self.cli, "-o", "docker-archive:" + output, "--runtime", runtime, "--format", "json",
                               *self.bash("echo done")).json()
        self.assertFalse(report["observed"]["watched"])
        self.assertIn("cannot watch", report["observed"]["why_not"])
        traced = self.run_slim("trace", self.cli, "-o", self.path("trace.json"), "--runtime", runtime, *self.bash("echo done"))
        self.assert_status(traced, 4)
        self.assertFalse(os.path.exists(self.path("trace.json")))
        self.assert_clean()

    def start_and_wait(self, output):
        """A build whose container runs."""
        process = self.start_slim("build", self.cli, "-o", "docker-archive:" + output, *self.bash("sleep " + self.marker))
        self.assertTrue(wait_until(lambda: any(self.is_container(pid) for pid in processes_with(self.marker))),
                        "no container was started")
        self.work = os.listdir(self.temporary)
        return process

    def is_container(self, pid):
        try:
            with open("/proc/%d/cmdline" % pid, "rb") as file:
                return file.read().startswith(b"sleep\0")
        except OSError:
            return False

    def test_slim_that_is_ended_in_the_middle_leaves_nothing(self):
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGKILL):
            with self.subTest(signal=number.name):
                output = self.path("slimmed.tar")
                process = self.start_and_wait(output)
                process.send_signal(number)
                process.wait(PATIENCE)
                self.assertNotEqual(process.returncode, 0)
                self.assert_clean()
                self.assertFalse(os.path.exists(output))

    def test_what_is_killed_whole_is_cleaned_up_by_the_next_run(self):
        process = self.start_and_wait(self.path("slimmed.tar"))
        for _ in range(3):  # its janitor and keeper too; the first process of a container takes the others with it
            for pid in processes_with("TMPDIR=" + self.temporary) + processes_with(self.marker):
                try:
                    os.kill(pid, signal.SIGKILL)
                except ProcessLookupError:
                    continue
        process.wait(PATIENCE)
        self.assertNotEqual(os.listdir(self.temporary), [], "nothing was left to clean up")
        for _ in range(3):  # on a busy machine what was killed may still be dying, and has its folder until it is dead
            self.assert_status(self.run_slim("run", "--entrypoint", "true", self.cli), 0)
            if not self.left():
                break
            time.sleep(1)
        self.assert_clean()

    def inside(self, script):
        return self.run_slim("run", "--entrypoint", "bash", self.cli, "--", "-c", script)

    def test_the_hosts_files_are_out_of_reach(self):
        secret = self.path("secret")
        with open(secret, "w", encoding="utf-8") as file:
            file.write("of the host\n")
        os.chmod(secret, 0o644)
        tried = self.inside("cat %s /proc/1/root%s /proc/self/root/../../..%s 2>&1; cat /proc/1/root/etc/hostname; "
                            "cd /proc/1/cwd; cat ../../../../..%s 2>&1; ls /proc | grep -c '^[0-9]'; true" % ((secret,) * 4))
        self.assert_status(tried, 0)
        self.assertNotIn("of the host", tried.out)
        self.assertEqual(tried.out.count("No such file"), 4, tried.out)
        self.assertIn("\ncontainer\n", tried.out)
        self.assertLess(int(tried.out.split()[-1]), 6, "other processes are seen")

    def test_the_kernel_is_out_of_reach(self):
        refused = ["mount -t tmpfs none /mnt", "mount -o remount,rw /sys", "mount -o remount,rw /proc/sys", "mknod /disk b 8 0",
                   "unshare --user true", "unshare --mount true", "echo 1 > /proc/sys/kernel/panic",
                   "echo x > /proc/sys/kernel/core_pattern", "echo b > /proc/sysrq-trigger",
                   "echo 1 > /sys/kernel/mm/ksm/run", "echo 1 > /sys/class/net/lo/mtu", "mkdir /sys/fs/cgroup/made",
                   "dmesg -c", "date -s 2001-01-01", "chroot /proc/1/root mount -t tmpfs none /mnt", "hostname taken",
                   "cat /proc/kcore | head -c 1 | grep ."]
        for command in refused:
            with self.subTest(command=command):
                tried = self.inside("type %s > /dev/null || exit 77; (%s) 2> /dev/null && echo got through"
                                    % (command.split()[0], command))
                if tried.status == 77:
                    self.skipTest("the image has no " + command.split()[0])
                self.assertNotIn("got through", tried.out, str(tried))

    def test_the_hosts_network_is_out_of_reach(self):
        server = http.server.HTTPServer(("", 0), http.server.SimpleHTTPRequestHandler)
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        addresses = {"127.0.0.1", "localhost"} | {item[4][0] for item in socket.getaddrinfo(
            socket.gethostname(), None, socket.AF_INET)}
        with socket.create_connection(("127.0.0.1", server.server_port), 10):
            pass  # the host itself reaches it
        for address in sorted(addresses):
            tried = self.inside("(echo x > /dev/tcp/%s/%d) 2> /dev/null && echo got through" % (address, server.server_port))
            self.assertNotIn("got through", tried.out, address)
        self.assertEqual(self.inside("cat /proc/net/dev | grep -c :").out.strip(), "1", "another interface than lo")


class AsRoot(Faults, SystemTest):
    prefix = ()
    program = PROGRAM

    @classmethod
    def setUpClass(cls):
        need_root()
        need_program("runc")

    def own(self, path):
        pass

    def environment(self):
        return {}

    def image(self, name):
        return "docker-archive:" + original_of(name)


class AsAnOrdinaryUser(Faults, OrdinaryUserTest):
    def own(self, path):
        os.chown(path, self.user.pw_uid, self.user.pw_gid)


if __name__ == "__main__":
    main()
