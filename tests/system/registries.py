"""Registries for tests, all on loopback: Debian's docker-registry as it comes, a token server in front of it, and a
registry of the tests' own that fails where it is told to."""

import base64
import hashlib
import http.server
import json
import os
import re
import socket
import subprocess
import threading
import time
import urllib.parse

from slim_program import need_program


INDEX = "application/vnd.oci.image.index.v1+json"


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


def run(*argv, **options):
    done = subprocess.run([str(word) for word in argv], capture_output=True, check=False, **options)
    if done.returncode != 0:
        raise AssertionError("%s\n%s" % (" ".join(map(str, argv)), done.stderr.decode(errors="replace")))
    return done.stdout


class Certificates:
    """A certificate authority, and what it vouches for."""

    def __init__(self, folder):
        self.folder = folder
        os.makedirs(folder)
        self.ca = self.path("ca.crt")
        run("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
            "-subj", "/CN=test CA", "-keyout", self.path("ca.key"), "-out", self.ca)

    def path(self, name):
        return os.path.join(self.folder, name)

    def for_localhost(self):
        """Certificate and key."""
        run("openssl", "req", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=localhost", "-keyout", self.path("server.key"),
            "-out", self.path("server.csr"))
        with open(self.path("names"), "w", encoding="utf-8") as file:
            file.write("subjectAltName=DNS:localhost,IP:127.0.0.1")
        run("openssl", "x509", "-req", "-in", self.path("server.csr"), "-CA", self.ca, "-CAkey", self.path("ca.key"),
            "-CAcreateserial", "-days", "2", "-extfile", self.path("names"), "-out", self.path("server.crt"))
        return self.path("server.crt"), self.path("server.key")


class DebianRegistry:
    """docker-registry with its store in `folder`; `sections` are further parts of its configuration."""

    def __init__(self, folder, tls=None, auth=None):
        need_program("docker-registry")
        self.port = free_port()
        self.host = "localhost:%d" % self.port
        os.makedirs(folder)
        configuration = {
            "version": "0.1", "log": {"level": "warn", "accesslog": {"disabled": True}},
            "storage": {"filesystem": {"rootdirectory": os.path.join(folder, "store")}, "delete": {"enabled": True}},
            "http": {"addr": "127.0.0.1:%d" % self.port}}
        if tls:
            configuration["http"]["tls"] = {"certificate": tls[0], "key": tls[1]}
        if auth:
            configuration["auth"] = auth
        file = os.path.join(folder, "config.yml")
        with open(file, "w", encoding="utf-8") as output:
            json.dump(configuration, output)  # which is YAML, too
        self.log = open(os.path.join(folder, "log"), "wb")  # pylint: disable=consider-using-with
        self.process = subprocess.Popen(  # pylint: disable=consider-using-with
            ["docker-registry", "serve", file], stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log,
            env={"PATH": os.environ["PATH"], "OTEL_TRACES_EXPORTER": "none"})
        limit = time.monotonic() + 60
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return
            except OSError as error:
                if self.process.poll() is not None or time.monotonic() > limit:
                    self.close()
                    with open(self.log.name, encoding="utf-8") as text:
                        raise AssertionError("docker-registry does not start:\n" + text.read()) from error
                time.sleep(0.05)

    def close(self):
        self.process.kill()
        self.process.wait()
        self.log.close()


class Server:
    """An HTTP server on loopback with a handler class of the http.server module."""

    def __init__(self, handler):
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self.server.daemon_threads = True
        self.port = self.server.server_address[1]
        self.host = "localhost:%d" % self.port
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.05,))
        self.thread.start()

    def close(self):
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()


def base64url(content):
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


class TokenServer(Server):
    """Gives whoever is `user` all that is asked for, and everybody else the right to read what is public
    (distribution/distribution, "Token Authentication Specification")."""

    SERVICE, ISSUER = "test registry", "test issuer"

    def __init__(self, certificate, key, user, password, lifetime=300):
        self.requests = []
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):  # pylint: disable=invalid-name
                query = urllib.parse.parse_qs(urllib.parse.urlsplit(self.path).query)
                given = self.headers.get("Authorization")
                outer.requests.append((query, given))
                proof = "Basic " + base64.b64encode(("%s:%s" % (user, password)).encode()).decode()
                if given and given != proof:
                    self.send_response(401)
                    self.end_headers()
                    return
                access = []
                for scope in query.get("scope", []):
                    kind, name, actions = scope.split(":")
                    granted = actions.split(",") if given else ["pull"] if name.startswith("public/") else []
                    access.append({"type": kind, "name": name, "actions": granted})
                body = json.dumps({"token": outer.token(access)}).encode()
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *arguments):  # pylint: disable=arguments-differ
                pass

        self.key, self.lifetime = key, lifetime
        self.chain = [base64.b64encode(run("openssl", "x509", "-in", certificate, "-outform", "DER")).decode()]
        super().__init__(Handler)

    def token(self, access):
        now = int(time.time())
        claims = {"iss": self.ISSUER, "sub": "", "aud": self.SERVICE, "iat": now, "nbf": now - 10,
                  "exp": now + self.lifetime, "jti": str(time.monotonic_ns()), "access": access}
        header = {"typ": "JWT", "alg": "RS256", "x5c": self.chain}
        text = base64url(json.dumps(header).encode()) + "." + base64url(json.dumps(claims).encode())
        signature = run("openssl", "dgst", "-sha256", "-sign", self.key, input=text.encode())
        return text + "." + base64url(signature)

    def auth_section(self, roots):
        return {"token": {"realm": "http://%s/token" % self.host, "service": self.SERVICE, "issuer": self.ISSUER,
                          "rootcertbundle": roots}}


class FakeRegistry(Server):
    """Keeps everything in memory, tells every request, and does what the test wants instead where a fault is set."""

    def __init__(self):
        self.blobs = {}  # repository -> digest -> bytes
        self.manifests = {}  # repository -> digest or tag -> (media type, bytes)
        self.uploads = {}
        self.requests = []  # (method, path)
        self.faults = []  # (method, pattern of the path, how often, action)
        self.referrers = None  # digest -> entries of an index; None: it has no such list
        self.ranges = True
        self.lock = threading.Lock()
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            registry = outer

            def handle_one(self):
                length = self.headers.get("Content-Length")
                self.content = None  # read when it is wanted
                self.length = int(length) if length else 0
                with outer.lock:
                    outer.requests.append((self.command, self.path))
                action = outer.fault(self.command, self.path)
                if action is None or action(self) is False:
                    outer.serve(self)

            def body(self):
                if self.content is None:
                    self.content = self.rfile.read(self.length)
                return self.content

            def answer(self, status, content=b"", headers=()):
                self.body()
                self.send_response(status)
                for name, value in dict(headers).items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(content)

            def begin(self, size):
                self.send_response(200)
                self.send_header("Content-Length", str(size))
                self.end_headers()

            def cut(self):
                self.wfile.flush()
                self.close_connection = True
                self.connection.shutdown(socket.SHUT_RDWR)

            def log_message(self, *arguments):  # pylint: disable=arguments-differ
                pass

            do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = handle_one

        super().__init__(Handler)

    def fail(self, method, pattern, action, times=10**6):
        self.faults.append([method, re.compile(pattern), times, action])

    def fault(self, method, path):
        with self.lock:
            for fault in self.faults:
                if fault[0] == method and fault[2] > 0 and fault[1].search(path):
                    fault[2] -= 1
                    return fault[3]
        return None

    def asked(self, method, pattern):
        return [path for one, path in self.requests if one == method and re.search(pattern, path)]

    def add_layout(self, repository, tag, layout):
        """The one image of an OCI layout."""
        blobs = self.blobs.setdefault(repository, {})
        folder = os.path.join(layout, "blobs", "sha256")
        for name in os.listdir(folder):
            with open(os.path.join(folder, name), "rb") as file:
                blobs["sha256:" + name] = file.read()
        with open(os.path.join(layout, "index.json"), encoding="utf-8") as file:
            entry = json.load(file)["manifests"][0]
        manifest = (entry["mediaType"], blobs[entry["digest"]])
        self.manifests.setdefault(repository, {}).update({tag: manifest, entry["digest"]: manifest})
        return json.loads(manifest[1])

    def serve(self, handler):
        url = urllib.parse.urlsplit(handler.path)
        query = {name: values[0] for name, values in urllib.parse.parse_qs(url.query).items()}
        if url.path == "/v2/":
            return handler.answer(200)
        listing = re.fullmatch(r"/v2/(.+)/referrers/([^/]*)", url.path)
        if listing and self.referrers is not None:
            index = {"schemaVersion": 2, "mediaType": INDEX, "manifests": self.referrers.get(listing.group(2), [])}
            return handler.answer(200, json.dumps(index).encode(), {"Content-Type": INDEX})
        match = re.fullmatch(r"/v2/(.+)/(manifests|blobs/uploads|blobs)/([^/]*)", url.path)
        if not match:
            return handler.answer(404)
        repository, kind, name = match.groups()
        return {"manifests": self.manifest, "blobs": self.blob, "blobs/uploads": self.upload}[kind](
            handler, repository, name, query)

    def manifest(self, handler, repository, name, _):
        known = self.manifests.setdefault(repository, {})
        if handler.command == "PUT":
            content = handler.body()
            digest = "sha256:" + hashlib.sha256(content).hexdigest()
            parts = json.loads(content)
            there = self.blobs.get(repository, {})
            needed = [parts["config"], *parts["layers"]] if "config" in parts else []
            if any(part["digest"] not in there for part in needed):
                return handler.answer(400, b'{"errors":[{"code":"MANIFEST_BLOB_UNKNOWN","message":"blob unknown"}]}')
            known[name] = known[digest] = (handler.headers["Content-Type"], content)
            headers = {"Docker-Content-Digest": digest}
            if "subject" in parts and self.referrers is not None:
                headers["OCI-Subject"] = parts["subject"]["digest"]
                self.referrers.setdefault(parts["subject"]["digest"], []).append(
                    {"mediaType": parts["mediaType"], "digest": digest, "size": len(content),
                     "artifactType": parts["artifactType"], "annotations": parts["annotations"]})
            return handler.answer(201, headers=headers)
        if name not in known:
            return handler.answer(404, b'{"errors":[{"code":"MANIFEST_UNKNOWN","message":"manifest unknown"}]}')
        kind, content = known[name]
        return handler.answer(200, content, {"Content-Type": kind})

    def blob(self, handler, repository, name, _):
        content = self.blobs.get(repository, {}).get(name)
        if content is None:
            return handler.answer(404, b'{"errors":[{"code":"BLOB_UNKNOWN","message":"blob unknown"}]}')
        wanted = re.fullmatch(r"bytes=(\d+)-", handler.headers.get("Range", ""))
        if wanted and self.ranges:
            start = int(wanted.group(1))
            return handler.answer(206, content[start:],
                                  {"Content-Range": "bytes %d-%d/%d" % (start, len(content) - 1, len(content))})
        return handler.answer(200, content)

    def upload(self, handler, repository, name, query):
        blobs = self.blobs.setdefault(repository, {})
        if handler.command == "POST":
            content = self.blobs.get(query.get("from"), {}).get(query.get("mount"))
            if content is not None:
                blobs[query["mount"]] = content
                return handler.answer(201)
            name = "%d" % time.monotonic_ns()
            self.uploads[name] = b""
            return handler.answer(202, headers={"Location": "/v2/%s/blobs/uploads/%s?_state=x" % (repository, name)})
        if name not in self.uploads:
            return handler.answer(404)
        if handler.command == "DELETE":
            del self.uploads[name]
            return handler.answer(204)
        if handler.command == "PATCH":
            start = int(handler.headers.get("Content-Range", "0-").split("-")[0])
            if start != len(self.uploads[name]):
                return handler.answer(416)
            self.uploads[name] += handler.body()
            return handler.answer(202, headers={"Location": handler.path})
        content = self.uploads.pop(name) + handler.body()
        digest = "sha256:" + hashlib.sha256(content).hexdigest()
        if digest != query.get("digest"):
            return handler.answer(400, b'{"errors":[{"code":"DIGEST_INVALID","message":"digest invalid"}]}')
        blobs[digest] = content
        return handler.answer(201, headers={"Docker-Content-Digest": digest})
