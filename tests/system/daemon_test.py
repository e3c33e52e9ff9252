#!/usr/bin/python3
"""Images of Docker's daemon and of Podman, read and written: both are started here with stores of their own, and what comes
out is judged by them, by skopeo and against the archives that went in. What Debian's Docker cannot show is played by
fake_daemon.py, and so are daemons that fail half way."""

import contextlib
import hashlib
import json
import os
import shutil
import signal
import socket
import socketserver
import ssl
import subprocess
import threading
import time
import unittest

import image_archive
from containers import Daemon, finished
from fake_daemon import ContainerdImage, FakeDaemon
from layouts import Layout, assemble, layer_bytes, odd_image
from registries import DebianRegistry, FakeRegistry
from slim_program import PROGRAM, SystemTest, main, need_program, need_root, original_of, slim

HOST_ARCHITECTURE = "amd64"
NOWHERE = "unix:///nonexistent/socket"


class DaemonTest(SystemTest):
    """Nothing of this machine's own daemons and configuration counts, and nothing may stay in the folder of temporary
    files."""

    def setUp(self):
        super().setUp()
        os.mkdir(self.path("tmp"))
        self.environment = {"TMPDIR": self.path("tmp"), "HOME": self.folder, "DOCKER_CONFIG": "", "DOCKER_CONTEXT": "",
                            "DOCKER_TLS": "", "DOCKER_TLS_VERIFY": "", "DOCKER_CERT_PATH": "", "XDG_RUNTIME_DIR": "",
                            "DOCKER_HOST": NOWHERE, "CONTAINER_HOST": NOWHERE, "SLIM_NETWORK_PATIENCE": "5",
                            "no_proxy": "127.0.0.1,localhost"}

    def slim(self, *arguments, **environment):
        ended = slim(*arguments, env={**self.environment, **environment})
        self.assertEqual(os.listdir(self.path("tmp")), [], "left behind by: %s" % ended)
        return ended

    def fails(self, status, *arguments, **environment):
        """What standard error says of a command that must fail so."""
        ended = self.slim(*arguments, **environment)
        self.assert_status(ended, status)
        self.assertEqual(ended.out, "")
        self.assertTrue(ended.err.startswith("slim: error: "), ended.err)
        return ended.err

    def analysis(self, image, *options, **environment):
        ended = self.slim("analyze", image, "--format", "json", *options, **environment)
        self.assert_status(ended, 0)
        return ended.json()

    def assert_same_image(self, report, other):
        """Two reports on one image, however it was reached."""
        self.assertEqual(report["image"]["config_digest"], other["image"]["config_digest"])
        self.assertEqual([layer["diff_id"] for layer in report["layers"]], [layer["diff_id"] for layer in other["layers"]])
        self.assertEqual(report["image"]["config"], other["image"]["config"])
        for key in ("needed", "removable", "findings", "packages"):
            self.assertEqual(report[key], other[key], key)


def without_labels(report):
    return {key: value for key, value in report["image"]["config"].items() if key != "Labels"}


def skopeo(*arguments):
    done = finished(["skopeo", *arguments], 120)
    if done.status != 0:
        raise AssertionError(str(done))
    return done


class Round:
    """What holds for each store: the classes below say which. STORE is its transport, NAMED how it calls an image."""

    def tree_in_store(self, name):
        """The image in the store, as skopeo copies it out, squashed; and the digest of its config."""
        copied = self.path("copied.tar")
        self.copy_out(name, copied)
        image = image_archive.open_archive(copied, self.path("copied"))
        self.assertEqual(image_archive.layer_problems(image), [])
        return image_archive.squash(image), image.config

    def test_it_is_read_as_its_archive_is(self):
        from_file = self.analysis("docker-archive:" + original_of("alpine"))
        self.assertGreater(len(from_file["layers"]), 1)
        report = self.analysis(self.STORE + ":slim.test/alpine:latest")
        self.assert_same_image(report, from_file)
        self.assertEqual(report["image"]["ref"], self.STORE + ":slim.test/alpine:latest")
        self.assertEqual(report["image"]["name"], "slim.test/alpine:latest")

    def test_names_are_completed_and_an_id_is_no_name(self):
        report = self.analysis(self.STORE + ":slim.test/static")
        self.assertEqual(report["image"]["name"], "slim.test/static:latest")
        digest = report["image"]["config_digest"]
        for name in (digest, digest.removeprefix("sha256:"), digest.removeprefix("sha256:")[:12]):
            by_id = self.analysis(self.STORE + ":" + name)
            self.assert_same_image(by_id, report)
            self.assertNotIn(digest.removeprefix("sha256:")[:12], by_id["image"]["name"])

    def test_a_bare_name_is_found(self):
        report = self.analysis("slim.test/static")
        self.assertEqual(report["image"]["ref"], "slim.test/static")
        self.assert_same_image(report, self.analysis("docker-archive:" + original_of("static")))

    def test_what_is_not_there_is_bad_input(self):
        self.assertIn("no image slim.test/nothing:1", self.fails(3, "analyze", self.STORE + ":slim.test/nothing:1"))
        self.assertIn("for linux/arm64", self.fails(3, "analyze", self.STORE + ":slim.test/static", "--platform", "linux/arm64"))
        self.assertIn("expected NAME[:TAG]", self.fails(2, "analyze", self.STORE + ":../../info"))

    def test_slimmed_it_comes_back_and_runs(self):
        source, output = self.STORE + ":slim.test/static:latest", "slim.test/static:slim"
        built = self.slim("build", source, "-o", self.STORE + ":" + output, "--format", "json")
        self.assert_status(built, 0)
        report = built.json()
        self.assertEqual(report["verdict"]["result"], "same")
        # the same bytes as from one file to another
        archive = self.path("slimmed.tar")
        self.assert_status(self.slim("build", "docker-archive:" + original_of("static"), "-o", "docker-archive:" + archive,
                                     "-t", output), 0)
        expected = image_archive.open_archive(archive, self.path("expected"))
        tree, config = self.tree_in_store(output)
        self.assertEqual(config, expected.config)
        self.assertEqual(image_archive.fidelity_problems(image_archive.squash(expected), tree), [])
        self.assertEqual(sorted(tree.inodes), sorted(image_archive.squash(expected).inodes))
        self.assertEqual(self.id_of(output), report["output"]["config_digest"])
        ran, original = self.run_in_store(output, "two"), self.run_in_store("slim.test/static:latest", "two")
        self.assertEqual((ran.status, ran.out), (original.status, original.out))
        self.assertNotEqual(ran.out, "")

    def test_every_other_place_gives_and_takes_it(self):
        registry = DebianRegistry(self.path("registry"))
        self.addCleanup(registry.close)
        source = self.STORE + ":slim.test/alpine:latest"
        options = ("--include", "/**", "--no-run", "--format", "json")
        for place in ("docker-archive:" + self.path("image.tar"), "oci:" + self.path("image"), "oci-archive:" + self.path("oci.tar"),
                      "docker://%s/team/alpine:slim" % registry.host):
            with self.subTest(place=place):
                there = self.slim("build", source, "-o", place, *options)
                self.assert_status(there, 0)
                back = self.slim("build", place, "-o", self.STORE + ":slim.test/alpine:back", *options)
                self.assert_status(back, 0)
                expected, found = there.json()["output"], back.json()["output"]
                (expected_layer,), (found_layer,) = expected["layers"], found["layers"]
                self.assertEqual(found_layer["diff_id"], expected_layer["diff_id"])
                report = self.analysis(self.STORE + ":slim.test/alpine:back")
                self.assertEqual([layer["diff_id"] for layer in report["layers"]], [expected_layer["diff_id"]])
                self.assertEqual(without_labels(report), without_labels(there.json()))

    def test_what_is_odd_survives_the_round_trip(self):
        os.mkdir(self.path("layers"))
        odd_image.write_layers(self.path("layers"))
        layers = sorted(self.path("layers", name) for name in os.listdir(self.path("layers")))
        os.mkdir(self.path("work"))
        assemble.assemble(layers, {}, ["odd"] * len(layers), "slim.test/odd:latest", "oci", "gzip", "linux/amd64",
                          self.path("odd"), self.path("work"))
        original = image_archive.squash(image_archive.open_layout(self.path("odd")))
        options = ("--include", "/**", "--no-run")
        self.assert_status(self.slim("build", "oci:" + self.path("odd"), "-o", self.STORE + ":slim.test/odd:whole", *options), 0)
        self.assert_status(self.slim("build", self.STORE + ":slim.test/odd:whole", "-o", "docker-archive:" + self.path("back.tar"),
                                     *options), 0)
        in_store, _ = self.tree_in_store("slim.test/odd:whole")
        back = image_archive.squash(image_archive.open_archive(self.path("back.tar"), self.path("back")))
        for tree in (in_store, back):
            self.assertEqual(image_archive.fidelity_problems(original, tree), [])
            self.assertEqual(sorted(set(original.inodes) - set(tree.inodes) - {"/"}), [])

    def test_a_further_tag_names_it(self):
        self.assert_status(self.slim("build", self.STORE + ":slim.test/static", "-o", self.STORE + ":slim.test/other", "--no-run",
                                     "-t", "slim.test/tagged:v2"), 0)
        self.assertIsNotNone(self.id_of("slim.test/tagged:v2"))
        self.assertIsNone(self.id_of("slim.test/other:latest"))

    def test_the_input_is_not_overwritten(self):
        before = self.id_of("slim.test/static:latest")
        error = self.fails(2, "build", self.STORE + ":slim.test/static", "-o", self.STORE + ":slim.test/static:latest")
        self.assertIn("is the input itself", error)
        self.assertEqual(self.id_of("slim.test/static:latest"), before)


class Docker(Round, DaemonTest):
    STORE = "docker-daemon"

    @classmethod
    def setUpClass(cls):
        need_program("skopeo")
        cls.archives = [original_of(name) for name in ("alpine", "static")]
        cls.daemon = Daemon()
        cls.addClassCleanup(cls.daemon.stop)
        cls.daemon.start()
        for archive in cls.archives:
            cls.daemon.load(archive)

    def setUp(self):
        super().setUp()
        self.environment["DOCKER_HOST"] = self.daemon.host

    def copy_out(self, name, path):
        skopeo("copy", "--src-daemon-host", self.daemon.host, "docker-daemon:" + name, "docker-archive:" + path)

    def id_of(self, name):
        found = self.daemon.docker("image", "inspect", "--format", "{{.Id}}", name, check=False)
        return found.out.strip() if found.status == 0 else None

    def run_in_store(self, name, *arguments):
        return self.daemon.docker("run", "--rm", "--network", "none", name, *arguments, check=False)

    def test_a_context_names_the_daemon(self):
        folder = self.path("config", "contexts", "meta", hashlib.sha256(b"test").hexdigest())
        os.makedirs(folder)
        with open(os.path.join(folder, "meta.json"), "w", encoding="utf-8") as file:
            json.dump({"Name": "test", "Metadata": {}, "Endpoints": {"docker": {"Host": self.daemon.host}}}, file)
        with open(self.path("config", "config.json"), "w", encoding="utf-8") as file:
            json.dump({"currentContext": "test"}, file)
        report = self.analysis("docker-daemon:slim.test/static", DOCKER_HOST="", DOCKER_CONFIG=self.path("config"))
        self.assertEqual(report["image"]["name"], "slim.test/static:latest")
        self.assertIn("names the context other", self.fails(
            4, "analyze", "docker-daemon:slim.test/static", DOCKER_HOST="", DOCKER_CONFIG=self.path("config"), DOCKER_CONTEXT="other"))

    def test_an_image_that_differs_is_not_written(self):
        ended = self.slim("build", "docker-daemon:slim.test/static", "-o", "docker-daemon:slim.test/broken", "--exclude", "/bin/greet")
        self.assert_status(ended, 1)
        self.assertIsNone(self.id_of("slim.test/broken:latest"))

    def test_over_tls_both_sides_prove_who_they_are(self):
        need_program("openssl")
        folder = self.path("certs")
        os.mkdir(folder)
        for name in ("ca", "wrong"):
            self.openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
                         "-subj", "/CN=" + name, "-keyout", "%s-key.pem" % name, "-out", "%s.pem" % name)
        for name in ("server", "client"):
            self.openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-subj", "/CN=" + name,
                         "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", "%s-key.pem" % name, "-out", "%s.csr" % name)
            self.openssl("x509", "-req", "-days", "2", "-CA", "ca.pem", "-CAkey", "ca-key.pem", "-CAcreateserial",
                         "-copy_extensions", "copy", "-in", "%s.csr" % name, "-out", "%s-cert.pem" % name)
        shutil.copy(folder + "/client-cert.pem", folder + "/cert.pem")
        shutil.copy(folder + "/client-key.pem", folder + "/key.pem")
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=folder + "/ca.pem")
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_cert_chain(folder + "/server-cert.pem", folder + "/server-key.pem")
        with tls_proxy(context, self.daemon.host.removeprefix("unix://")) as port:
            tls = {"DOCKER_HOST": "tcp://127.0.0.1:%d" % port, "DOCKER_TLS_VERIFY": "1", "DOCKER_CERT_PATH": folder}
            report = self.analysis("docker-daemon:slim.test/static", **tls)
            self.assertEqual(report["image"]["name"], "slim.test/static:latest")
            self.fails(4, "analyze", "docker-daemon:slim.test/static", **{**tls, "DOCKER_TLS_VERIFY": ""})  # plain HTTP
            os.rename(folder + "/cert.pem", folder + "/no-cert.pem")
            os.rename(folder + "/key.pem", folder + "/no-key.pem")
            self.fails(4, "analyze", "docker-daemon:slim.test/static", **tls)
            os.replace(folder + "/wrong.pem", folder + "/ca.pem")
            self.assertIn("certificate", self.fails(4, "analyze", "docker-daemon:slim.test/static", **tls))

    def openssl(self, *arguments):
        done = subprocess.run(["openssl", *arguments], cwd=self.path("certs"), capture_output=True, check=False)
        self.assertEqual(done.returncode, 0, done.stderr.decode())


@contextlib.contextmanager
def tls_proxy(context, path):
    """A TLS port of this machine in front of a Unix socket."""
    class Both(socketserver.BaseRequestHandler):
        def handle(self):
            with contextlib.suppress(OSError), context.wrap_socket(self.request, server_side=True) as near, \
                    socket.socket(socket.AF_UNIX) as far:
                far.connect(path)
                back = threading.Thread(target=pump, args=(far, near), daemon=True)
                back.start()
                pump(near, far)
                back.join()

    class Proxy(socketserver.ThreadingTCPServer):
        daemon_threads = True

    with Proxy(("127.0.0.1", 0), Both) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_address[1]
        server.shutdown()


def pump(source, target):
    with contextlib.suppress(OSError):
        while data := source.recv(1 << 16):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)


class PodmanStore:
    """A store of Podman's with its program and, where asked for, its service."""

    def __init__(self, folder):
        need_root()
        need_program("podman")
        os.makedirs(folder)
        config = os.path.join(folder, "storage.conf")
        with open(config, "w", encoding="utf-8") as file:
            file.write('[storage]\ndriver = "vfs"\ngraphroot = "%s/root"\nrunroot = "%s/run"\n' % (folder, folder))
        self.folder, self.environment, self.process = folder, {"CONTAINERS_STORAGE_CONF": config}, None
        self.host = "unix://%s/socket" % folder
        if self.podman("info").status != 0:
            raise unittest.SkipTest("Podman does not work here: " + self.podman("info").err)

    def podman(self, *arguments):
        return finished(["podman", "--runtime", shutil.which("runc") or "/usr/sbin/runc", "--cgroup-manager", "cgroupfs", *arguments],
                        120, {**os.environ, **self.environment})

    def serve(self):
        self.process = subprocess.Popen(["podman", "system", "service", "--time", "0", self.host], stdin=subprocess.DEVNULL,
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                                        env={**os.environ, **self.environment})
        limit = time.monotonic() + 30
        while not os.path.exists(self.host.removeprefix("unix://")):
            if self.process.poll() is not None or time.monotonic() > limit:
                raise unittest.SkipTest("Podman's service does not start here")
            time.sleep(0.1)

    def stop(self):
        if self.process is not None:
            self.process.terminate()
            self.process.wait(30)


class Podman(Round):
    """Its tests are those of both ways to the store."""

    STORE = "containers-storage"

    @classmethod
    def setUpClass(cls):
        need_program("skopeo")
        cls.archives = [original_of(name) for name in ("alpine", "static")]
        folder = "/tmp/slim-podman.%d" % os.getpid()
        cls.addClassCleanup(shutil.rmtree, folder, ignore_errors=True)
        cls.store = PodmanStore(folder)
        cls.addClassCleanup(cls.store.stop)
        for archive in cls.archives:
            loaded = cls.store.podman("load", "--quiet", "--input", archive)
            if loaded.status != 0:
                raise AssertionError(str(loaded))

    def setUp(self):
        super().setUp()
        self.environment.update(self.store.environment)

    def copy_out(self, name, path):
        saved = self.store.podman("image", "save", "--quiet", "--format", "docker-archive", "--output", path, name)
        self.assert_status(saved, 0)
        done = finished(["skopeo", "inspect", "--raw", "docker-archive:" + path], 60)  # a second reader
        self.assert_status(done, 0)

    def id_of(self, name):
        found = self.store.podman("image", "inspect", "--format", "sha256:{{.Id}}", name)
        return found.out.strip() if found.status == 0 else None

    def run_in_store(self, name, *arguments):
        return self.store.podman("run", "--rm", "--ulimit", "nofile=1024:1024", "--ulimit", "nproc=1000:1000",
                                 "--network", "none", name, *arguments)

    def test_names_of_this_machine_alone_are_found_by_their_short_form(self):
        self.assert_status(self.store.podman("tag", "slim.test/static:latest", "localhost/here:v1"), 0)
        for name in ("localhost/here:v1", "here:v1"):
            self.assert_same_image(self.analysis("containers-storage:" + name), self.analysis("containers-storage:slim.test/static"))


class PodmanProgram(Podman, DaemonTest):
    def setUp(self):
        super().setUp()
        if os.path.exists("/run/podman/podman.sock") or "CONTAINER_HOST" in os.environ:
            self.skipTest("a service of Podman's own runs here")
        del self.environment["CONTAINER_HOST"]  # it counts for the program, too

    def test_a_podman_that_fails_is_told_of(self):
        os.mkdir(self.path("bin"))
        with open(self.path("bin", "podman"), "w", encoding="utf-8") as file:
            file.write('#!/bin/sh\ncase "$*" in *save*) head -c 100000 /dev/zero; echo broken pipe organ >&2; exit 125;; esac\n'
                       'exec /usr/bin/podman "$@"\n')
        os.chmod(self.path("bin", "podman"), 0o755)
        error = self.fails(4, "analyze", "containers-storage:slim.test/static", PATH=self.path("bin") + ":" + os.environ["PATH"])
        self.assertIn("podman image save slim.test/static: exit 125: broken pipe organ", error)


class PodmanService(Podman, DaemonTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.store.serve()

    def setUp(self):
        super().setUp()
        self.environment.update(CONTAINER_HOST=self.store.host, PATH="/usr/sbin:/sbin")  # runc, and no podman

    def test_docker_host_may_name_it(self):
        report = self.analysis("docker-daemon:slim.test/static", DOCKER_HOST=self.store.host)
        self.assert_same_image(report, self.analysis("containers-storage:slim.test/static"))


FILES = {"etc/greeting": b"hello\n", "bin/true": b"#!/bin/sh\n"}


class FakeTest(DaemonTest):
    def fake(self, **versions):
        fake = FakeDaemon(self.path("socket"), **versions)
        self.addCleanup(os.unlink, self.path("socket"))
        self.addCleanup(fake.close)
        self.environment["DOCKER_HOST"] = fake.host
        return fake

    def image(self, fake, **layers):
        image = ContainerdImage(self.path("store"), "app:1.0", layers or {HOST_ARCHITECTURE: [
            layer_bytes(FILES), layer_bytes({"etc/more": b"more\n"})]})
        image.serve(fake, HOST_ARCHITECTURE)
        return image


class NewestDocker(FakeTest):
    """Exchanges with containerd's image store and the newest API."""

    def two_platforms(self, fake):
        return self.image(fake, **{HOST_ARCHITECTURE: [layer_bytes(FILES)], "arm64": [layer_bytes({"etc/arm": b"arm\n"})]})

    def test_the_platform_is_asked_for_in_both_calls(self):
        fake = self.fake(newest="1.51", oldest="1.44")
        image = self.two_platforms(fake)
        for architecture in (HOST_ARCHITECTURE, "arm64"):
            report = self.analysis("docker-daemon:app:1.0", "--platform", "linux/" + architecture)
            self.assertEqual(report["image"]["config_digest"], image.manifest_of(architecture)["config"]["digest"])
            self.assertEqual(report["image"]["name"], "app:1.0")
            wanted = '?platform={"architecture":"%s","os":"linux"}' % architecture
            self.assertEqual(fake.requests[-2:], ["GET /v1.51/images/app:1.0/json" + wanted, "GET /v1.51/images/app:1.0/get" + wanted])

    def test_without_a_platform_that_of_the_daemons_answer_is_saved_and_not_all(self):
        fake = self.fake()
        image = self.two_platforms(fake)
        report = self.analysis("docker-daemon:app:1.0")
        self.assertEqual(report["image"]["config_digest"], image.manifest_of(HOST_ARCHITECTURE)["config"]["digest"])
        self.assertEqual(fake.requests[-1], 'GET /v1.51/images/app:1.0/get?platform={"architecture":"%s","os":"linux"}' % HOST_ARCHITECTURE)

    def test_a_platform_that_it_has_not_is_bad_input(self):
        self.two_platforms(self.fake())
        self.assertIn("no image app:1.0 for linux/s390x", self.fails(3, "analyze", "docker-daemon:app:1.0", "--platform", "linux/s390x"))

    def test_of_a_whole_index_the_platform_is_chosen_here(self):
        fake = self.fake(newest="1.47")  # a containerd store that cannot be asked for one
        image = self.two_platforms(fake)
        report = self.analysis("docker-daemon:app:1.0")
        self.assertEqual(report["image"]["config_digest"], image.manifest_of(HOST_ARCHITECTURE)["config"]["digest"])
        self.assertEqual(fake.requests[-1], "GET /v1.47/images/app:1.0/get")

    def test_a_layout_without_manifest_json_is_read(self):
        fake = self.fake()
        image = self.image(fake)
        fake.on("GET", "/images/app:1.0/get", lambda handler, _: handler.chunks([image.archive(with_manifest=False)]))
        self.assertEqual(self.analysis("docker-daemon:app:1.0")["image"]["config_digest"],
                         image.manifest_of(HOST_ARCHITECTURE)["config"]["digest"])

    def test_compressed_layers_count_as_they_are_stored(self):
        image = self.image(self.fake())
        layers = self.analysis("docker-daemon:app:1.0")["layers"]
        manifest = image.manifest_of(HOST_ARCHITECTURE)
        self.assertEqual([layer["digest"] for layer in layers], [layer["digest"] for layer in manifest["layers"]])
        self.assertEqual([layer["size"] for layer in layers], [layer["size"] for layer in manifest["layers"]])

    def test_it_speaks_no_newer_version_than_the_daemon_and_than_slim_knows(self):
        for newest, spoken in (("1.24", "1.24"), ("1.41", "1.41"), ("1.55", "1.55"), ("1.99", "1.55"), ("2.0", "1.55")):
            with self.subTest(newest=newest):
                fake = FakeDaemon(self.path("socket"), newest=newest)
                try:
                    fake.on("GET", "/images/app:1.0/json", lambda handler, _: handler.reply(404, {"message": "none"}))
                    self.fails(3, "analyze", "docker-daemon:app:1.0", DOCKER_HOST=fake.host)
                    self.assertEqual(fake.requests, ["GET /_ping", "GET /v%s/images/app:1.0/json" % spoken])
                finally:
                    fake.close()
                    os.unlink(self.path("socket"))

    def test_versions_that_do_not_meet_are_told(self):
        self.fake(newest="1.20", oldest="1.12")
        self.assertIn("speaks version 1.20 of Docker's API, and slim 1.24 to 1.55", self.fails(4, "analyze", "docker-daemon:app:1.0"))

    def test_a_refused_version_is_told_in_the_daemons_words(self):
        self.fake(newest="1.99", oldest="1.90")
        self.assertIn("client version 1.55 is too old. Minimum supported API version is 1.90",
                      self.fails(4, "analyze", "docker-daemon:app:1.0"))

    def test_a_loaded_image_is_known_by_its_layers_where_the_store_makes_manifests(self):
        fake = self.fake()
        self.image(fake)

        def load(handler, _):
            handler.reply(200, b'{"stream":"Loaded image: app:slim\\n"}\n')

        def inspect(handler, _):
            with open(self.path("sent.tar"), "wb") as file:
                file.write(fake.bodies[-1])
            sent = image_archive.open_archive(self.path("sent.tar"), self.path("sent"))
            handler.reply(200, {"Id": "sha256:" + "1" * 64, "Architecture": HOST_ARCHITECTURE, "Os": "linux",
                                "RootFS": {"Type": "layers", "Layers": sent.config["rootfs"]["diff_ids"]}})

        fake.on("POST", "/images/load", load)
        fake.on("GET", "/images/app:slim/json", inspect)
        self.assert_status(self.slim("build", "docker-daemon:app:1.0", "-o", "docker-daemon:app:slim", "--no-run"), 0)
        self.assertIn("POST /v1.51/images/load?quiet=1", fake.requests)


class Faults(FakeTest):
    """Daemons that fail, half way or at once: a clear error with its exit code, and nothing that stays."""

    def saves(self, fake, answer):
        image = self.image(fake)
        fake.on("GET", "/images/app:1.0/get", lambda handler, _: answer(handler, image.archive()))

    def test_a_daemon_that_dies_while_it_saves(self):
        self.saves(self.fake(), lambda handler, archive: handler.chunks([archive[:3000]], ends=False))
        self.assertIn("docker-daemon:app:1.0: GET ", self.fails(4, "analyze", "docker-daemon:app:1.0"))

    def test_an_error_in_the_middle_of_what_it_saves(self):
        self.saves(self.fake(), lambda handler, archive: handler.chunks(
            [archive[:3000], b'{"errorDetail":{"message":"blob is gone"},"error":"blob is gone"}\r\n']))
        self.assertIn("broke off while it saved the image: blob is gone", self.fails(4, "analyze", "docker-daemon:app:1.0"))

    def test_an_archive_that_is_cut_off(self):
        self.saves(self.fake(), lambda handler, archive: handler.chunks([archive[:3000]]))
        self.assertIn("docker-daemon:app:1.0", self.fails(3, "analyze", "docker-daemon:app:1.0"))

    def test_no_archive_at_all(self):
        self.saves(self.fake(), lambda handler, archive: handler.chunks([b"<html>proxy</html>"]))
        self.assertIn("docker-daemon:app:1.0", self.fails(3, "analyze", "docker-daemon:app:1.0"))

    def test_a_blob_that_is_another(self):
        def spoiled(handler, archive):
            at = archive.index(b"\x1f\x8b") + 12
            handler.chunks([archive[:at] + bytes([archive[at] ^ 1]) + archive[at + 1:]])

        self.saves(self.fake(), spoiled)
        self.fails(3, "analyze", "docker-daemon:app:1.0")

    def test_a_refusal_is_told(self):
        fake = self.fake()
        fake.on("GET", "/images/app:1.0/json", lambda handler, _: handler.reply(500, {"message": "the store is locked"}))
        self.assertIn("status 500: the store is locked", self.fails(4, "analyze", "docker-daemon:app:1.0"))

    def test_an_answer_that_is_no_json(self):
        fake = self.fake()
        fake.on("GET", "/images/app:1.0/json", lambda handler, _: handler.reply(200, b"[" * 100000))
        self.fails(4, "analyze", "docker-daemon:app:1.0")

    def test_nobody_listens(self):
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(self.path("dead"))
            self.assertIn("nobody listens there", self.fails(
                4, "analyze", "docker-daemon:app:1.0", DOCKER_HOST="unix://" + self.path("dead")))

    def test_ssh_is_not_spoken_and_a_tunnel_is(self):
        error = self.fails(4, "analyze", "docker-daemon:app:1.0", DOCKER_HOST="ssh://me@build")
        self.assertIn("hint: ssh -nNT -L", error)

    def small_temporary_folder(self):
        need_root()
        if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", self.path("tmp")], check=False).returncode != 0:
            self.skipTest("no file system can be mounted")
        self.addCleanup(subprocess.run, ["umount", self.path("tmp")], check=True)

    def test_a_disk_that_is_too_small_is_seen_before(self):
        self.small_temporary_folder()
        fake = self.fake()
        fake.on("GET", "/images/app:1.0/json", lambda handler, _: handler.reply(200, {
            "Id": "sha256:" + "1" * 64, "Os": "linux", "Architecture": HOST_ARCHITECTURE, "Size": 3 << 20, "RootFS": {"Layers": []}}))
        error = self.fails(4, "analyze", "docker-daemon:app:1.0")
        self.assertIn("no room for a temporary copy of it in %s: 2097152 bytes are free, it needs 3145728" % self.path("tmp"), error)
        self.assertIn("hint: set TMPDIR", error)
        self.assertFalse([line for line in fake.requests if line.endswith("/get")])

    def test_a_disk_that_fills(self):
        self.small_temporary_folder()
        self.saves(self.fake(), lambda handler, archive: handler.chunks([b"\0" * (1 << 20)] * 5))
        self.assertIn("no room for a temporary copy of it in " + self.path("tmp"), self.fails(4, "analyze", "docker-daemon:app:1.0"))

    def test_a_disk_that_fills_with_the_output(self):
        self.small_temporary_folder()
        fake = self.fake()
        self.image(fake, **{HOST_ARCHITECTURE: [layer_bytes({"bin/true": os.urandom(1 << 20)})]})
        error = self.fails(4, "build", "docker-daemon:app:1.0", "-o", "docker-daemon:app:slim", "--no-run")
        self.assertIn("docker-daemon-app-slim.tar", error)
        self.assertIn("No space left on device", error)
        self.assertEqual(fake.bodies, [])

    def build(self, fake, answer):
        self.image(fake)
        fake.on("POST", "/images/load", answer)
        return ("build", "docker-daemon:app:1.0", "-o", "docker-daemon:app:slim", "--no-run")

    def test_an_error_in_the_stream_of_a_load(self):
        arguments = self.build(self.fake(), lambda handler, _: handler.reply(
            200, b'{"stream":"Loading layer"}\n{"errorDetail":{"message":"no space left"},"error":"no space left"}\n'))
        self.assertIn("docker-daemon:app:slim: unix://%s (DOCKER_HOST): loading the image: no space left" % self.path("socket"),
                      self.fails(4, *arguments))

    def test_a_load_that_leads_to_nothing(self):
        arguments = self.build(self.fake(), lambda handler, _: handler.reply(200, b'{"stream":"done"}\n'))
        self.assertIn("has taken the archive, and app:slim is not there", self.fails(4, *arguments))

    def test_a_daemon_that_dies_while_it_loads(self):
        def dies(handler, _):
            handler.connection.shutdown(socket.SHUT_RDWR)
            handler.close_connection = True

        self.fails(4, *self.build(self.fake(), dies))

    def test_a_destination_that_cannot_be_reached_is_found_before_the_work(self):
        fake = self.fake()
        self.image(fake)
        error = self.fails(4, "build", "docker-daemon:app:1.0", "-o", "containers-storage:app:slim", "--no-run", PATH="/nonexistent")
        self.assertIn("no such socket; no podman in PATH", error)
        self.assertFalse([line for line in fake.requests if line.endswith("/get")])

    def interrupted(self, fake, arguments, reached):
        process = subprocess.Popen([PROGRAM, *arguments], env={**os.environ, **self.environment}, stdin=subprocess.DEVNULL,
                                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.assertTrue(reached.wait(60), fake.requests)
        process.send_signal(signal.SIGINT)
        self.assertEqual(process.wait(30), -signal.SIGINT)
        self.assertEqual(os.listdir(self.path("tmp")), [])

    def test_interrupted_while_it_reads(self):
        fake, reached, go_on = self.fake(), threading.Event(), threading.Event()
        self.addCleanup(go_on.set)

        def half(handler, archive):
            handler.send_response(200)
            handler.end_headers()
            handler.wfile.write(archive[:3000])
            handler.wfile.flush()
            reached.set()
            go_on.wait(60)
            handler.close_connection = True

        self.saves(fake, half)
        self.interrupted(fake, ("analyze", "docker-daemon:app:1.0"), reached)

    def test_interrupted_while_it_loads(self):
        fake, reached, go_on = self.fake(), threading.Event(), threading.Event()
        self.addCleanup(go_on.set)

        def stalls(handler, _):
            reached.set()
            go_on.wait(60)
            handler.close_connection = True

        self.interrupted(fake, self.build(fake, stalls), reached)


class BareNames(FakeTest):
    """NAME alone: the Docker daemon, Podman, its registry; each that was tried is named with its reason."""

    def setUp(self):
        super().setUp()
        self.environment["PATH"] = "/nonexistent"
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.registry = "127.0.0.1:%d" % free.getsockname()[1]  # nobody listens there any more

    def test_where_no_place_could_be_asked_the_surroundings_fail(self):
        error = self.fails(4, "analyze", self.registry + "/app:1.0")
        self.assertIn("no such file or folder, and no image of that name in Docker (%s (DOCKER_HOST): no such socket)" % NOWHERE, error)
        self.assertIn("in Podman (%s (CONTAINER_HOST): no such socket; no podman in PATH)" % NOWHERE, error)
        self.assertIn("in its registry (", error)

    def test_where_one_has_answered_the_name_is_wrong(self):
        fake = self.fake()
        self.image(fake)
        error = self.fails(3, "analyze", self.registry + "/app:2.0")
        self.assertIn("in Docker (%s (DOCKER_HOST): no image %s/app:2.0)" % (fake.host, self.registry), error)

    def test_the_registry_is_asked_last(self):
        fake, registry = self.fake(), FakeRegistry()
        self.addCleanup(registry.close)
        layout = Layout(self.path("layout"))
        layout.write_index(layout.add_image([layer_bytes(FILES)], {"Cmd": ["/bin/true"]}))
        registry.add_layout("app", "1.0", layout.folder)
        report = self.analysis(registry.host + "/app:1.0")
        self.assertEqual(report["image"]["config_digest"], layout.manifest["config"]["digest"])
        self.assertEqual(fake.requests[-1], "GET /v1.51/images/%s/app:1.0/json" % registry.host)
        self.assertIn("in its registry (", self.fails(3, "analyze", registry.host + "/app:2.0"))

    def test_a_file_of_that_name_comes_first(self):
        fake = self.fake()
        self.image(fake)
        os.mkdir(self.path("app"))
        report = slim("analyze", "app", "--entrypoint", "/none", env=self.environment, cwd=self.folder)
        self.assertNotIn("Docker", report.err)
        self.assertEqual(fake.requests, [])

    def test_a_daemon_that_has_it_and_fails_ends_the_search(self):
        fake = self.fake()
        self.image(fake)
        fake.on("GET", "/images/app:1.0/get", lambda handler, _: handler.reply(500, {"message": "broken store"}))
        error = self.fails(4, "analyze", "app:1.0")
        self.assertIn("broken store", error)
        self.assertNotIn("Podman", error)


if __name__ == "__main__":
    main()
