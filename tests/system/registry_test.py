#!/usr/bin/python3
"""Images from and to registries: Debian's docker-registry (plain, with TLS, with passwords, behind a token server), judged
by skopeo and umoci; and a registry that fails in every way, where what is said, the exit code and what is left count."""

import base64
import crypt  # pylint: disable=deprecated-module
import hashlib
import json
import os
import random
import signal
import subprocess
import time
import unittest

from layouts import Layout, layer_bytes
from registries import Certificates, DebianRegistry, FakeRegistry, TokenServer, run
from slim_program import PROGRAM, SystemTest, main, need_program, need_root, original_of, slim

USER, PASSWORD = "me", "pass:word"
REPORT = "application/vnd.dev.slim.report.v1+json"
MEBIBYTE = 1 << 20


class RegistryTest(SystemTest):
    def setUp(self):
        super().setUp()
        self.temporary = self.path("tmp")
        os.makedirs(self.temporary)
        os.makedirs(self.path("home"))

    def tearDown(self):
        self.assertEqual(os.listdir(self.temporary), [], "temporary files are left")

    def environment(self, **more):
        return {"HOME": self.path("home"), "TMPDIR": self.temporary, "SLIM_NETWORK_PATIENCE": "3",
                "DOCKER_CONFIG": self.path("home", ".docker"), "REGISTRY_AUTH_FILE": "", "XDG_RUNTIME_DIR": "",
                "XDG_CONFIG_HOME": "", "no_proxy": "localhost,127.0.0.1", **more}

    def slim(self, *arguments, **more):
        return slim(*arguments, env=self.environment(**more), cwd=self.folder)

    def start(self, *arguments):
        return subprocess.Popen([PROGRAM, *arguments], cwd=self.folder, env={**os.environ, **self.environment()},
                                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def assert_error(self, finished, status, *parts):
        self.assert_status(finished, status)
        self.assertTrue(finished.err.startswith("slim: error: "), str(finished))
        self.assertEqual(finished.out, "")
        for part in parts:
            self.assertIn(part, finished.err)


class RealRegistryTest(RegistryTest):
    """With Debian's registry. `self.skopeo` are the options that let skopeo in."""

    tls = None
    auth = None

    @classmethod
    def setUpClass(cls):
        need_program("skopeo")

    def registry(self, **options):
        registry = DebianRegistry(self.path("registry"), **options)
        self.addCleanup(registry.close)
        return registry

    def push(self, host, name, archive, *options):
        run("skopeo", "copy", "--quiet", *(options or ["--dest-tls-verify=false"]), "docker-archive:" + archive,
            "docker://%s/%s" % (host, name))


class Plain(RealRegistryTest):
    def test_an_image_is_read_as_from_its_archive(self):
        registry = self.registry()
        archive = original_of("alpine")
        self.push(registry.host, "team/alpine:1", archive)
        image = "docker://%s/team/alpine:1" % registry.host
        raw = run("skopeo", "inspect", "--raw", "--tls-verify=false", image)
        digest = "sha256:" + hashlib.sha256(raw).hexdigest()
        from_archive = self.slim("analyze", archive, "--format", "json", "--files").json()
        for name in (image, image.replace(":1", "@" + digest)):
            analysis = self.slim("analyze", name, "--format", "json", "--files").json()
            self.assertEqual(analysis["image"]["digest"], digest)
            self.assertEqual(analysis["files"], from_archive["files"])
            self.assertEqual([layer["diff_id"] for layer in analysis["layers"]],
                             [layer["diff_id"] for layer in from_archive["layers"]])
            self.assertEqual(len(analysis["layers"]), 3)
            self.assertEqual(analysis["needed"], from_archive["needed"])

    def test_what_is_built_into_a_registry_is_what_is_built_into_a_layout(self):
        need_root()
        need_program("umoci")
        registry = self.registry()
        self.push(registry.host, "alpine:1", original_of("alpine"))
        image = "docker://%s/alpine:1" % registry.host
        slimmed = "docker://%s/alpine:slim" % registry.host
        built = self.slim("build", image, "-o", slimmed, "--format", "json")
        self.assert_status(built, 0)
        report = built.json()
        self.assertEqual(report["verdict"]["result"], "same")
        self.assert_status(self.slim("build", image, "-o", "oci:" + self.path("layout")), 0)
        run("skopeo", "copy", "--quiet", "--src-tls-verify=false", slimmed, "oci:%s:slim" % self.path("copy"))
        with open(self.path("layout", "index.json"), encoding="utf-8") as file:
            expected = json.load(file)["manifests"][0]["digest"]
        inspected = json.loads(run("skopeo", "inspect", "--tls-verify=false", slimmed))
        self.assertEqual(inspected["Digest"], expected)
        with open(self.path("copy", "index.json"), encoding="utf-8") as file:
            self.assertEqual(json.load(file)["manifests"][0]["digest"], expected)
        run("umoci", "unpack", "--image", self.path("copy") + ":slim", self.path("unpacked"))
        self.assertTrue(os.path.exists(self.path("unpacked", "rootfs", "app", "report")))
        again = self.slim("verify", image, slimmed)
        self.assert_status(again, 0)
        # another tag of the same image, which needs no layer again
        self.assert_status(self.slim("build", slimmed, "-o", slimmed, "-t", "twice", "--no-run"), 0)
        self.assertIn("twice", inspect_tags(registry.host, "alpine"))

    def push_index(self, host, name, arm64_bytes=None):
        """An index of two platforms, each with a file of its own: platform -> its layers."""
        layout = Layout(self.path("index"))
        layers = {arch: [layer_bytes({"bin/app": arch.encode()})] for arch in ("amd64", "arm64")}
        layers["arm64"] = [layers["arm64"][0][:arm64_bytes]]
        layout.write_index(*[
            {**layout.add_image(layer, {"Entrypoint": ["/bin/app"]}, ("linux", arch)),
             "platform": {"os": "linux", "architecture": arch}} for arch, layer in layers.items()])
        # a layout's index is no image of it: it gets one that is
        with open(self.path("index", "index.json"), "rb") as file:
            content = file.read()
        document = json.loads(content)
        document["mediaType"] = "application/vnd.oci.image.index.v1+json"
        entry = layout.add_blob(json.dumps(document).encode(), document["mediaType"])
        layout.write_index({**entry, "annotations": {"org.opencontainers.image.ref.name": "all"}})
        run("skopeo", "copy", "--quiet", "--all", "--dest-tls-verify=false", "oci:%s:all" % self.path("index"),
            "docker://%s/%s" % (host, name))
        return layers

    def test_the_platform_chooses_from_an_index(self):
        registry = self.registry()
        layers = self.push_index(registry.host, "app:all")
        image = "docker://%s/app:all" % registry.host
        for arch in layers:
            analysis = self.slim("analyze", image, "--platform", "linux/" + arch, "--format", "json").json()
            self.assertEqual(analysis["image"]["platform"], "linux/" + arch)
        self.assert_error(self.slim("analyze", image, "--platform", "linux/s390x"), 3, "no image for linux/s390x",
                          "linux/amd64, linux/arm64")

    def test_every_platform_goes_from_registry_to_registry(self):
        registry = self.registry()
        layers = self.push_index(registry.host, "app:all")
        name = registry.host + "/app:all"
        for source, destination, options in (("docker://" + name, "docker://%s/app:slim" % registry.host, []),
                                             (name, "docker://%s/team/app" % registry.host, ["-t", "slim"])):
            built = self.slim("build", source, "-o", destination, "--platform", "all", "--no-run", "--format", "json", *options)
            self.assert_status(built, 0)
            report = built.json()
            slimmed = destination if not options else destination + ":slim"
            index = run("skopeo", "inspect", "--raw", "--tls-verify=false", slimmed)
            self.assertEqual("sha256:" + hashlib.sha256(index).hexdigest(), report["output"]["digest"])
            self.assertEqual([entry["platform"]["architecture"] for entry in json.loads(index)["manifests"]], list(layers))
            for arch in layers:
                config = json.loads(run("skopeo", "--override-arch", arch, "inspect", "--config", "--tls-verify=false", slimmed))
                self.assertEqual(config["architecture"], arch)
                self.assertEqual(config["config"]["Labels"]["dev.slim.verdict"], "not-run")
            self.assert_status(self.slim("why", slimmed, "/bin/app", "--platform", "linux/arm64"), 0)
        # the very place that it came from is no place to go to
        self.assert_error(self.slim("build", "docker://" + name, "-o", "docker://" + name, "--platform", "all", "--no-run"), 2,
                          "is the input itself")

    def test_an_index_of_which_one_platform_fails_is_not_pushed(self):
        registry = self.registry()
        self.push_index(registry.host, "app:all", arm64_bytes=700)
        failed = self.slim("build", "docker://%s/app:all" % registry.host, "-o", "docker://%s/app:slim" % registry.host,
                           "--platform", "all", "--no-run")
        self.assert_error(failed, 3, "linux/arm64")
        self.assertEqual(inspect_tags(registry.host, "app"), ["all"])

    def test_a_report_is_attached_where_the_registry_keeps_no_list(self):
        registry = self.registry()
        self.push(registry.host, "static:1", original_of("static"))
        image = "docker://%s/static:1" % registry.host
        self.assert_error(self.slim("analyze", image, "--attached"), 3, "no report is attached", "--attach")
        attached = self.slim("analyze", image, "--attach", "--format", "json")
        self.assert_status(attached, 0)
        digest = attached.json()["image"]["digest"]
        listed = json.loads(run("skopeo", "inspect", "--raw", "--tls-verify=false",
                                "docker://%s/static:%s" % (registry.host, digest.replace(":", "-"))))
        self.assertEqual([entry["artifactType"] for entry in listed["manifests"]], [REPORT])
        held = json.loads(run("skopeo", "inspect", "--raw", "--tls-verify=false",
                              "docker://%s/static@%s" % (registry.host, listed["manifests"][0]["digest"])))
        self.assertEqual(held["subject"]["digest"], digest)
        self.assertEqual(held["layers"][0]["mediaType"], REPORT)
        self.assertEqual(self.slim("analyze", image, "--attached").json(), attached.json())
        self.assert_status(self.slim("analyze", image, "--attach"), 0)
        self.assertEqual(self.slim("analyze", image, "--attached").json()["image"]["digest"], digest)
        self.assert_error(self.slim("analyze", original_of("static"), "--attach"), 2, "expected docker://NAME")

    def test_what_is_not_there_is_bad_input(self):
        registry = self.registry()
        self.assert_error(self.slim("analyze", "docker://%s/none:1" % registry.host), 3, "docker://%s/none:1" % registry.host,
                          "not found in the registry")

    def test_a_registry_that_is_not_there_is_no_input(self):
        registry = self.registry()
        registry.close()
        for arguments in (["analyze", "docker://%s/a" % registry.host],
                          ["build", original_of("static"), "-o", "docker://%s/a" % registry.host, "--no-run"]):
            self.assert_error(self.slim(*arguments), 4, registry.host)


def inspect_tags(host, name):
    return json.loads(run("skopeo", "list-tags", "--tls-verify=false", "docker://%s/%s" % (host, name)))["Tags"]


class WithTls(RealRegistryTest):
    def test_a_ca_of_its_own_is_trusted_where_it_is_named(self):
        certificates = Certificates(self.path("ca"))
        registry = self.registry(tls=certificates.for_localhost())
        self.push(registry.host, "static:1", original_of("static"))
        image = "docker://%s/static:1" % registry.host
        self.assert_error(self.slim("analyze", image), 4, "https://%s" % registry.host, "certificate",
                          "hint: put its CA into /etc/docker/certs.d/%s/ca.crt" % registry.host)
        self.assert_status(self.slim("analyze", image, "--insecure"), 0)
        trusted = self.path("home", ".config", "containers", "certs.d", registry.host)
        os.makedirs(trusted)
        os.symlink(certificates.ca, os.path.join(trusted, "ca.crt"))
        self.assert_status(self.slim("analyze", image), 0)
        self.assert_status(self.slim("build", image, "-o", image, "-t", "slim", "--no-run"), 0)
        self.assertEqual(sorted(inspect_tags(registry.host, "static")), ["1", "slim"])


class WithPasswords(RealRegistryTest):
    def logged_in(self, host, file, password=PASSWORD):
        os.makedirs(os.path.dirname(file), exist_ok=True)
        proof = base64.b64encode(("%s:%s" % (USER, password)).encode()).decode()
        with open(file, "w", encoding="utf-8") as output:
            json.dump({"auths": {host: {"auth": proof}}}, output)

    def with_htpasswd(self):
        with open(self.path("htpasswd"), "w", encoding="utf-8") as file:
            file.write("%s:%s\n" % (USER, crypt.crypt(PASSWORD, crypt.mksalt(crypt.METHOD_BLOWFISH, rounds=16))))
        registry = self.registry(auth={"htpasswd": {"realm": "test", "path": self.path("htpasswd")}})
        self.push(registry.host, "static:1", original_of("static"), "--dest-tls-verify=false",
                  "--dest-creds=%s:%s" % (USER, PASSWORD))
        return registry

    def test_basic(self):
        registry = self.with_htpasswd()
        image = "docker://%s/static:1" % registry.host
        self.assert_error(self.slim("analyze", image), 4, "unauthorized", "hint: docker login " + registry.host)
        self.assert_error(self.slim("build", original_of("static"), "-o", image, "--no-run"), 4, "unauthorized")
        docker, podman = self.path("home", ".docker", "config.json"), self.path("home", ".config", "containers", "auth.json")
        for file in (docker, podman, self.path("elsewhere", "auth.json")):
            self.logged_in(registry.host, file)
            more = {"REGISTRY_AUTH_FILE": file} if "elsewhere" in file else {}
            self.assert_status(self.slim("analyze", image, **more), 0)
            os.unlink(file)
        self.logged_in(registry.host, docker, "wrong")
        refused = self.slim("analyze", image)
        self.assert_error(refused, 4, "refuses the user and password")
        self.assertNotIn("wrong", refused.err)
        self.logged_in(registry.host, docker)
        self.assert_status(self.slim("build", image, "-o", image, "-t", "slim", "--no-run"), 0)

    def test_a_credential_helper(self):
        registry = self.with_htpasswd()
        helper = self.path("bin", "docker-credential-test")
        os.makedirs(self.path("bin"))
        with open(helper, "w", encoding="utf-8") as file:
            file.write("#!/bin/sh\nread -r server\n[ \"$1 $server\" = 'get %s' ] &&\n"
                       "echo '{\"Username\":\"%s\",\"Secret\":\"%s\"}'\n" % (registry.host, USER, PASSWORD))
        os.chmod(helper, 0o755)
        os.makedirs(self.path("home", ".docker"))
        with open(self.path("home", ".docker", "config.json"), "w", encoding="utf-8") as file:
            json.dump({"credHelpers": {registry.host: "test"}}, file)
        found = self.slim("analyze", "docker://%s/static:1" % registry.host,
                          PATH="%s:%s" % (self.path("bin"), os.environ["PATH"]))
        self.assert_status(found, 0)

    def test_tokens(self):
        certificates = Certificates(self.path("ca"))
        certificate, key = certificates.for_localhost()
        tokens = TokenServer(certificate, key, USER, PASSWORD)
        self.addCleanup(tokens.close)
        registry = self.registry(auth=tokens.auth_section(certificates.ca))
        for repository in ("public/static", "private/static"):
            self.push(registry.host, repository + ":1", original_of("static"), "--dest-tls-verify=false",
                      "--dest-creds=%s:%s" % (USER, PASSWORD))
        public, private = ("docker://%s/%s/static:1" % (registry.host, kind) for kind in ("public", "private"))
        tokens.requests.clear()
        self.assert_status(self.slim("analyze", public), 0)
        self.assertEqual(len(tokens.requests), 1)  # one token for all
        self.assertEqual(tokens.requests[0], ({"service": [tokens.SERVICE], "scope": ["repository:public/static:pull"]}, None))
        self.assert_error(self.slim("analyze", private), 4, "unauthorized", "hint: docker login " + registry.host)
        self.assert_error(self.slim("build", public, "-o", public, "-t", "slim", "--no-run"), 4, "unauthorized")
        self.logged_in(registry.host, self.path("home", ".docker", "config.json"))
        self.assert_status(self.slim("analyze", private), 0)
        tokens.requests.clear()
        self.assert_status(self.slim("build", public, "-o", private, "-t", "slim", "--no-run"), 0)
        scopes = {tuple(query["scope"]) for query, _ in tokens.requests}
        self.assertIn(("repository:private/static:pull,push", "repository:public/static:pull"), scopes)
        self.logged_in(registry.host, self.path("home", ".docker", "config.json"), "wrong")
        self.assert_error(self.slim("analyze", private), 4, "gives no token")


class Faults(RegistryTest):
    """Against the registry of the tests' own, with an image whose second layer is large and cannot be compressed."""

    def setUp(self):
        super().setUp()
        self.registry = FakeRegistry()
        self.addCleanup(self.registry.close)
        noise = random.Random(6).randbytes(3 * MEBIBYTE)
        layout = Layout(self.path("layout"))
        layout.write_index(layout.add_image(
            [layer_bytes({"bin/app": b"#!/bin/true\n"}), layer_bytes({"data/noise": noise})],
            {"Entrypoint": ["/bin/app"]}))
        self.manifest = self.registry.add_layout("app", "1", self.path("layout"))
        self.large = self.manifest["layers"][1]["digest"]
        self.content = self.registry.blobs["app"][self.large]
        self.image = "docker://%s/app:1" % self.registry.host
        self.slimmed = "docker://%s/app:slim" % self.registry.host

    def analyze(self, *arguments):
        return self.slim("analyze", self.image, *arguments)

    def build(self, *arguments):
        return self.slim("build", self.image, "-o", self.slimmed, "--no-run", "--include", "/data/**", *arguments)

    def assert_same_files(self, other):
        """As the image's; the config may differ."""
        done = self.slim("diff", self.image, other, "--format", "json")
        self.assertIn(done.status, (0, 1), str(done))
        difference = done.json()
        self.assertEqual((difference["a"]["files"], difference["b"]["files"], difference["paths"]), (2, 2, []))

    def assert_not_pushed(self):
        self.assertNotIn("slim", self.registry.manifests["app"])

    def cut_after(self, count):
        def cut(handler):
            handler.begin(len(self.content))
            handler.wfile.write(self.content[:count])
            handler.cut()
        return cut

    def test_nothing_fails_where_nothing_fails(self):
        self.assert_status(self.analyze(), 0)
        self.assert_status(self.build(), 0)
        self.assert_status(self.slim("diff", self.image, "oci:" + self.path("layout")), 0)
        self.assert_same_files(self.slimmed)
        self.assertEqual(self.registry.uploads, {})

    def test_a_broken_connection_goes_on_where_it_broke(self):
        self.registry.fail("GET", self.large, self.cut_after(2 * MEBIBYTE), times=1)
        self.assert_status(self.slim("diff", self.image, "oci:" + self.path("layout")), 0)
        self.assertEqual(len(self.registry.asked("GET", self.large)), 2)

    def test_a_server_without_ranges_is_read_again(self):
        self.registry.ranges = False
        self.registry.fail("GET", self.large, self.cut_after(2 * MEBIBYTE), times=2)
        self.assert_status(self.slim("diff", self.image, "oci:" + self.path("layout")), 0)

    def test_a_connection_that_breaks_every_time_is_given_up(self):
        self.registry.fail("GET", self.large, self.cut_after(1000))
        self.assert_error(self.analyze(), 4, self.image, "blobs/" + self.large)
        self.assertEqual(len(self.registry.asked("GET", self.large)), 5)

    def test_a_truncated_stream_is_gone_on_with(self):
        def truncate(handler):  # without a length, the end is only where the connection ends
            handler.send_response(200)
            handler.end_headers()
            handler.wfile.write(self.content[:MEBIBYTE])
            handler.cut()
        self.registry.fail("GET", self.large, truncate, times=1)
        self.assert_status(self.analyze(), 0)
        self.registry.fail("GET", self.large, truncate)
        self.assert_error(self.analyze(), 4, "ended after %d of %d bytes" % (MEBIBYTE, len(self.content)))

    def test_another_content_than_its_digest_says_is_bad_input(self):
        wrong = bytearray(self.content)
        wrong[-2000] ^= 1
        self.registry.fail("GET", self.large, lambda handler: handler.answer(200, bytes(wrong)))
        self.assert_error(self.analyze(), 3, self.large, "expected digest")
        self.assert_error(self.build(), 3, "expected digest")
        self.assert_not_pushed()

    def test_documents_are_held_to_their_digests(self):
        digest = "sha256:" + hashlib.sha256(self.registry.manifests["app"]["1"][1]).hexdigest()
        config = self.manifest["config"]["digest"]
        self.registry.fail("GET", config, lambda handler: handler.answer(200, b"{}" + b" " * (self.manifest["config"]["size"] - 2)))
        self.assert_error(self.analyze(), 3, config, "expected digest")
        self.registry.faults.clear()
        other = self.registry.manifests["app"]["1"][1].replace(b'"schemaVersion":2', b'"schemaVersion":3')
        self.registry.fail("GET", "manifests", lambda handler: handler.answer(200, other))
        self.assert_error(self.slim("analyze", self.image.replace(":1", "@" + digest)), 3, "expected digest")
        self.registry.faults.clear()
        self.registry.fail("GET", "manifests",
                           lambda handler: handler.answer(200, other, {"Docker-Content-Digest": digest}))
        self.assert_error(self.analyze(), 3, "expected digest")

    def test_refusals_are_told(self):
        words = b'{"errors":[{"code":"DENIED","message":"not for you"}]}'
        for status, exit_code, said in ((401, 4, "unauthorized"), (403, 4, "access denied"), (404, 3, "not found"),
                                        (418, 4, "unexpected status 418")):
            self.registry.faults.clear()
            challenge = {"WWW-Authenticate": 'Basic realm="x"'} if status == 401 else {}
            self.registry.fail("GET", "manifests|blobs", lambda handler, s=status, c=challenge: handler.answer(s, words, c))
            self.assert_error(self.analyze(), exit_code, said)
            self.registry.faults.clear()
            self.registry.fail("GET", self.large, lambda handler, s=status, c=challenge: handler.answer(s, words, c))
            self.assert_error(self.analyze(), exit_code, said)
            if status != 401:
                self.assertIn("not for you", self.analyze().err)

    def test_a_busy_registry_is_waited_for(self):
        self.registry.fail("GET", "manifests", lambda handler: handler.answer(429, headers={"Retry-After": "1"}), times=1)
        began = time.monotonic()
        self.assert_status(self.analyze(), 0)
        self.assertGreaterEqual(time.monotonic() - began, 1)
        self.registry.fail("GET", "manifests", lambda handler: handler.answer(429, headers={"Retry-After": "3600"}))
        self.assert_error(self.analyze(), 4, "too many requests", "come back in 3600 s")

    def test_a_failing_registry_is_tried_again_and_given_up(self):
        for place in ("manifests/1", "blobs/" + self.manifest["config"]["digest"], "blobs/" + self.large):
            self.registry.faults.clear()
            self.registry.fail("GET", place, lambda handler: handler.answer(500), times=2)
            self.registry.requests.clear()
            self.assert_status(self.analyze(), 0)
            self.assertEqual(len(self.registry.asked("GET", place)), 3)
            self.registry.fail("GET", place, lambda handler: handler.answer(503))
            self.registry.requests.clear()
            self.assert_error(self.analyze(), 4, "status 503")
            self.assertEqual(len(self.registry.asked("GET", place)), 5)

    def test_a_trickle_is_given_up(self):
        def trickle(handler):
            handler.begin(len(self.content))
            try:
                while True:
                    handler.wfile.write(b"x")
                    time.sleep(0.05)
            except OSError:
                handler.close_connection = True
        self.registry.fail("GET", self.large, trickle)
        self.assert_error(self.analyze(), 4, "too slow")

    def test_layers_in_the_cache_are_not_fetched(self):
        cache = ["--cache", self.path("cache")]
        first = self.analyze(*cache, "--format", "json")
        self.assert_status(first, 0)
        self.registry.requests.clear()
        second = self.analyze(*cache, "--format", "json")
        self.assert_status(second, 0)
        self.assertEqual([path for _, path in self.registry.requests if path != "/v2/"],
                         ["/v2/app/manifests/1", "/v2/app/blobs/" + self.manifest["config"]["digest"]])
        self.assertEqual(first.json()["needed"], second.json()["needed"])

    def test_a_layer_is_fetched_twice_at_most(self):
        self.assert_status(self.build(), 0)
        self.assertLessEqual(len(self.registry.asked("GET", self.large)), 2)

    def test_the_tag_comes_last(self):
        self.assert_status(self.build(), 0)
        written = [path for method, path in self.registry.requests if method in ("PUT", "POST", "PATCH")]
        self.assertEqual(written[-1], "/v2/app/manifests/slim")
        self.assertRegex(written[-2], "/v2/app/manifests/sha256:")
        self.assertEqual(len([path for path in written if "/manifests/" in path]), 2)
        # all of it is there: nothing is uploaded again
        self.registry.requests.clear()
        self.assert_status(self.build(), 0)
        self.assertEqual(self.registry.asked("PUT", "blobs"), [])

    def test_a_push_that_fails_leaves_no_tag(self):
        for method, place, status, said in (
                ("POST", "uploads", 403, "access denied"), ("POST", "uploads", 401, "unauthorized"),
                ("PUT", "uploads", 400, "unexpected status 400"), ("PUT", "uploads", 500, "status 500"),
                ("PUT", "manifests/sha256", 500, "status 500"), ("PUT", "manifests/slim", 403, "access denied")):
            self.registry.faults.clear()
            self.registry.fail(method, place, lambda handler, s=status: handler.answer(s))
            self.assert_error(self.build(), 4, self.slimmed, said)
            self.assert_not_pushed()

    def test_an_upload_that_breaks_is_begun_again(self):
        def cut(handler):
            handler.rfile.read(1000)
            handler.cut()
        self.registry.fail("PUT", "uploads", cut, times=2)
        self.registry.fail("PUT", "manifests", lambda handler: handler.answer(502), times=2)
        self.assert_status(self.build(), 0)
        self.assert_same_files(self.slimmed)
        self.registry.faults.clear()
        self.registry.manifests["app"].pop("slim")
        for digest in list(self.registry.blobs["app"]):
            if digest not in str(self.manifest):
                del self.registry.blobs["app"][digest]
        self.registry.fail("PUT", "uploads", cut)
        self.assert_error(self.build(), 4, self.slimmed)
        self.assert_not_pushed()

    def test_what_is_too_large_in_one_piece_goes_in_several(self):
        def too_large(handler):
            if handler.length == 0:
                return False
            handler.answer(413)
            return True
        self.registry.fail("PUT", "uploads", too_large)
        self.assert_status(self.build(), 0)
        self.assertTrue(self.registry.asked("PATCH", "uploads"))
        self.assert_same_files(self.slimmed)

    def test_a_layer_of_the_same_registry_is_mounted(self):
        self.assert_status(self.build(), 0)
        first = json.loads(self.registry.manifests["app"]["slim"][1])
        self.registry.requests.clear()
        other = self.slimmed.replace("/app:", "/other:")
        self.assert_status(self.slim("build", self.slimmed, "-o", other, "--no-run", "--include", "/data/**"), 0)
        second = json.loads(self.registry.manifests["other"]["slim"][1])
        self.assertEqual(second["layers"], first["layers"])
        self.assertTrue(self.registry.asked("POST", "/v2/other/.*mount=.*&from=app"))
        uploaded = [path for path in self.registry.asked("PUT", "/v2/other/blobs") if first["layers"][0]["digest"][7:] in path]
        self.assertEqual(uploaded, [])

    def test_a_report_is_attached_where_the_registry_keeps_a_list(self):
        self.registry.referrers = {}
        attached = self.slim("analyze", self.image, "--attach", "--format", "json")
        self.assert_status(attached, 0)
        digest = attached.json()["image"]["digest"]
        self.assertEqual([entry["artifactType"] for entry in self.registry.referrers[digest]], [REPORT])
        self.assertEqual(self.registry.asked("PUT", "manifests/sha256-"), [])
        self.assertEqual(self.slim("analyze", self.image, "--attached").json(), attached.json())
        # what was attached is held to its digest, too
        report = json.loads(self.registry.manifests["app"][self.registry.referrers[digest][0]["digest"]][1])["layers"][0]
        self.registry.fail("GET", report["digest"], lambda handler: handler.answer(200, b" " * report["size"]))
        self.assert_error(self.slim("analyze", self.image, "--attached"), 3, "expected digest")

    def test_an_interrupt_leaves_nothing(self):
        def hang(handler):
            handler.begin(len(self.content))
            handler.wfile.write(self.content[:MEBIBYTE])
            time.sleep(3)
            handler.cut()
        self.registry.fail("GET", self.large, hang)
        self.interrupt(["analyze", self.image], "GET", self.large)
        self.interrupt(["build", self.image, "-o", self.slimmed, "--no-run"], "GET", self.large)
        self.registry.faults.clear()

        def hang_up(handler):
            time.sleep(3)
            handler.cut()
        self.registry.fail("PUT", "uploads", hang_up)
        self.interrupt(["build", self.image, "-o", self.slimmed, "--no-run"], "PUT", "uploads")
        self.assert_not_pushed()

    def interrupt(self, arguments, method, place):
        """While slim waits for an answer."""
        self.registry.requests.clear()
        process = self.start(*arguments)
        limit = time.monotonic() + 60
        while not self.registry.asked(method, place) and time.monotonic() < limit:
            time.sleep(0.02)
        process.send_signal(signal.SIGINT)
        self.assertEqual(process.wait(30), -signal.SIGINT)
        self.assertEqual(os.listdir(self.temporary), [])


if __name__ == "__main__":
    main()
