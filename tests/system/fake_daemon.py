"""Docker daemons that Debian does not have: exchanges as the Engine API's pages write them down, played back over a Unix
socket.

Newest API and containerd's image store: docs.docker.com/reference/api/engine/version/v1.51 (ImageInspect with
`Descriptor`; ImageGet: "content as defined in the OCI Image Layout Specification, additionally the manifest.json
associated with a backwards compatible docker save format", `platform` since 1.48; ImageLoad: lines of JSON). Refused
versions and errors in the middle of a stream: recorded from Docker 20.10.
"""

import gzip
import http.server
import io
import json
import os
import re
import socketserver
import tarfile
import threading
import urllib.parse

from layouts import OCI, Layout


class Server(socketserver.ThreadingUnixStreamServer):
    daemon_threads = True

    def handle_error(self, request, client_address):
        pass  # a client that goes away is what some tests are about


class FakeDaemon:
    """`answers`: (METHOD, PATH without the version) as a pattern -> what is called with the handler and the query.
    `requests` keeps every request line with its version, `bodies` what was sent with each POST."""

    def __init__(self, path, newest="1.51", oldest="1.24"):
        self.host, self.newest, self.oldest = "unix://" + path, newest, oldest
        self.requests, self.bodies, self.answers = [], [], []
        fake = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_):
                pass

            def address_string(self):
                return "socket"

            def do_GET(self):
                fake.serve(self)

            def do_POST(self):
                fake.bodies.append(self.body())
                fake.serve(self)

            def body(self):
                length = self.headers.get("Content-Length")
                return self.rfile.read(int(length)) if length else b""

            def reply(self, status, content, **headers):
                content = content if isinstance(content, bytes) else json.dumps(content).encode()
                self.send_response(status)
                for name, value in {"Api-Version": fake.newest, "Content-Length": str(len(content)), **headers}.items():
                    self.send_header(name.replace("_", "-"), value)
                self.end_headers()
                self.wfile.write(content)

            def chunks(self, parts, ends=True):
                """A body in chunks; without an end the connection is cut behind them."""
                self.send_response(200)
                self.send_header("Transfer-Encoding", "chunked")
                self.end_headers()
                for part in parts:
                    self.wfile.write(b"%x\r\n%s\r\n" % (len(part), part))
                    self.wfile.flush()
                if ends:
                    self.wfile.write(b"0\r\n\r\n")
                self.close_connection = True

        self.server = Server(path, Handler)
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        self.thread.start()
        self.on("GET", "/_ping", lambda handler, _: handler.reply(200, b"OK"))

    def on(self, method, pattern, answer):
        """Newer answers stand before older ones."""
        self.answers.insert(0, (method, re.compile(pattern + r"\Z"), answer))

    def serve(self, handler):
        self.requests.append("%s %s" % (handler.command, urllib.parse.unquote(handler.path)))
        parts = urllib.parse.urlsplit(handler.path)
        version, path = re.match(r"(?:/v([0-9.]+))?(/.*)", parts.path).groups()
        number = tuple(map(int, version.split("."))) if version else None
        if number and number < tuple(map(int, self.oldest.split("."))):
            return handler.reply(400, {"message": "client version %s is too old. Minimum supported API version is %s, "
                                                  "please upgrade your client to a newer version" % (version, self.oldest)})
        if number and number > tuple(map(int, self.newest.split("."))):
            return handler.reply(400, {"message": "client version %s is too new. Maximum supported API version is %s"
                                                  % (version, self.newest)})
        query = dict(urllib.parse.parse_qsl(parts.query))
        for method, pattern, answer in self.answers:
            if method == handler.command and pattern.match(urllib.parse.unquote(path)):
                return answer(handler, query)
        return handler.reply(404, {"message": "No such image: " + path})

    def close(self):
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


def blob_name(descriptor):
    return "blobs/" + descriptor["digest"].replace(":", "/")


class ContainerdImage:
    """An image in containerd's store: a multi-platform index, of which the blobs of some platforms may not be here."""

    def __init__(self, folder, name, images):
        """`images`: architecture -> layers as bytes."""
        self.layout, self.name, self.manifests, self.documents = Layout(folder), name, {}, {}
        for architecture, layers in images.items():
            manifest = self.layout.add_image(layers, {"Cmd": ["/bin/true"]}, ("linux", architecture),
                                             layer_type=OCI + "layer.v1.tar+gzip", compress=gzip.compress)
            manifest["platform"] = {"architecture": architecture, "os": "linux"}
            self.manifests[architecture] = manifest
        self.index = self.layout.add_blob(
            json.dumps({"schemaVersion": 2, "mediaType": "application/vnd.oci.image.index.v1+json",
                        "manifests": list(self.manifests.values())}).encode(), "application/vnd.oci.image.index.v1+json")

    def manifest_of(self, architecture):
        with open(self.layout.blob_path(self.manifests[architecture]["digest"]), encoding="utf-8") as file:
            return json.load(file)

    def config_of(self, architecture):
        with open(self.layout.blob_path(self.manifest_of(architecture)["config"]["digest"]), encoding="utf-8") as file:
            return json.load(file)

    def inspect(self, architecture):
        config = self.config_of(architecture)
        return {"Id": self.index["digest"], "RepoTags": [self.name], "RepoDigests": [], "Created": "2025-03-01T00:00:00Z",
                "Architecture": architecture, "Os": "linux", "Size": 1 << 60,  # nothing may be made of it
                "GraphDriver": {"Data": None, "Name": "overlayfs"}, "RootFS": {"Type": "layers", "Layers": config["rootfs"]["diff_ids"]},
                "Metadata": {"LastTagTime": "2025-03-01T00:00:00Z"}, "Descriptor": self.index,
                "Config": config.get("config")}

    def archive(self, architecture=None, with_manifest=True):
        """The tar that ImageGet sends: of one platform, or of the whole index."""
        descriptor = self.manifests[architecture] if architecture else self.index
        chosen = [architecture] if architecture else list(self.manifests)
        annotations = {"io.containerd.image.name": "docker.io/library/" + self.name,
                       "org.opencontainers.image.ref.name": self.name.partition(":")[2]}
        documents = {"index.json": {"schemaVersion": 2, "mediaType": "application/vnd.oci.image.index.v1+json",
                                    "manifests": [{**descriptor, "annotations": annotations}]},
                     "oci-layout": {"imageLayoutVersion": "1.0.0"}}
        if with_manifest:
            documents["manifest.json"] = [
                {"Config": blob_name(manifest["config"]), "RepoTags": [self.name],
                 "Layers": [blob_name(layer) for layer in manifest["layers"]]}
                for manifest in map(self.manifest_of, chosen)]
        buffer = io.BytesIO()
        with tarfile.open(fileobj=buffer, mode="w") as tar:
            tar.add(os.path.join(self.layout.folder, "blobs"), "blobs")
            for name, document in documents.items():
                content = json.dumps(document).encode()
                member = tarfile.TarInfo(name)
                member.size = len(content)
                tar.addfile(member, io.BytesIO(content))
        return buffer.getvalue()

    def serve(self, fake, default):
        """Answers for it as Docker 28 does: `platform` chooses, without it the host's is inspected and all is saved."""
        def wanted(query):
            return json.loads(query["platform"])["architecture"] if "platform" in query else None

        def inspect(handler, query):
            architecture = wanted(query) or default
            if architecture not in self.manifests:
                return handler.reply(404, {"message": "image with reference %s was found but does not provide the specified "
                                                      "platform (linux/%s)" % (self.name, architecture)})
            return handler.reply(200, self.inspect(architecture))

        fake.on("GET", "/images/%s/json" % re.escape(self.name), inspect)
        fake.on("GET", "/images/%s/get" % re.escape(self.name),
                lambda handler, query: handler.chunks([self.archive(wanted(query))]))
