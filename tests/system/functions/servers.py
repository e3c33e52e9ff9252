"""Functions of servers in C: nginx, redis, memcached, and git over HTTP."""

import os
import shutil
import ssl
import subprocess
import tempfile
import unittest

from .base import HttpServer, Server, exchange
from .scripts import file_of


def certificate_folder(test):
    """A folder with a certificate for localhost and its key (cert.pem, key.pem), until the test ends."""
    if shutil.which("openssl") is None:
        raise unittest.SkipTest("openssl is not installed")
    folder = tempfile.TemporaryDirectory()
    test.addCleanup(folder.cleanup)
    os.chmod(folder.name, 0o755)
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                    "-days", "100", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost",
                    "-keyout", folder.name + "/key.pem", "-out", folder.name + "/cert.pem"],
                   check=True, capture_output=True)
    os.chmod(folder.name + "/key.pem", 0o644)
    return folder.name


def secured(plain, folder):
    """A TLS connection over a plain one, with a server that has the certificate of `certificate_folder`."""
    context = ssl.create_default_context(cafile=folder + "/cert.pem")
    return context.wrap_socket(plain, server_hostname="localhost")


class Nginx(HttpServer):
    port = 80

    def test_serves_the_index_page(self):
        status, headers, body = self.ask("/")
        self.assertEqual((status, headers["Content-Type"]), (200, "text/html"))
        self.assertIn(b"<h1>It is served</h1>", body)

    def test_a_missing_page_is_a_404_with_its_page(self):
        self.assertIn("404 Not Found", self.text("/nothing/here", status=404))

    def test_static_files_have_their_mime_types(self):
        for path, mime in (("/assets/style.css", "text/css"), ("/assets/logo.svg", "image/svg+xml"),
                           ("/data.json", "application/json"), ("/assets/large.txt", "text/plain")):
            status, headers, body = self.ask(path)
            self.assertEqual((path, status, headers["Content-Type"]), (path, 200, mime))
            self.assertGreater(len(body), 0)

    def test_ranges_and_conditional_requests(self):
        status, _, body = self.ask("/assets/large.txt", headers={"Range": "bytes=10-19"})
        self.assertEqual((status, body), (206, b"x" * 10))
        date = self.ask("/")[1]["Last-Modified"]
        self.assertEqual(self.ask("/", headers={"If-Modified-Since": date})[0], 304)

    def test_compresses_where_the_client_asks(self):
        _, headers, body = self.ask("/", headers={"Accept-Encoding": "gzip"})
        self.assertEqual((headers["Content-Encoding"], body[:2]), ("gzip", b"\x1f\x8b"))

    def test_takes_a_body_and_refuses_the_method(self):
        self.assertEqual(self.ask("/", method="POST")[0], 405)

    def test_logs_to_the_containers_output(self):
        self.ask("/a-path-for-the-log")
        self.running.wait_for("GET /a-path-for-the-log HTTP/1.1")

    def test_checks_its_configuration(self):
        self.assertIn("syntax is ok", self.run_image("nginx", "-t").err)

    def test_tells_its_version(self):
        self.assertIn("configure arguments:", self.run_image("nginx", "-V").err)

    def test_another_configuration_with_tls(self):
        folder = certificate_folder(self)
        settings = file_of(self, b"""
            user www-data;
            events {}
            http {
              include /etc/nginx/mime.types;
              server {
                listen 8443 ssl http2;
                ssl_certificate /tls/cert.pem;
                ssl_certificate_key /tls/key.pem;
                root /var/www/html;
                location /again { rewrite ^/again/(\\d+)$ /data.json?id=$1; }
              }
            }""")
        with self.containers.start("nginx", "-c", "/other.conf", "-g", "daemon off;",
                                   mounts=[(settings, "/other.conf"), (folder, "/tls")]) as running:
            with secured(running.connect(8443), folder) as connection:
                answer = exchange(connection, b"GET /again/7 HTTP/1.0\r\n\r\n", (b"}\n",))
        self.assertIn(b"application/json", answer)
        self.assertTrue(answer.endswith(b'{"served": true}\n'))

    def test_a_configuration_that_is_wrong(self):
        settings = file_of(self, b"nonsense;")
        finished = self.run_image("nginx", "-c", "/other.conf", mounts=[(settings, "/other.conf")], status=1)
        self.assertIn("nonsense", finished.err)

    def test_reloads(self):
        with self.containers.start() as running:
            self.text("/", running=running)
            running.signal("HUP")
            self.assertIn("It is served", self.text("/", running=running))

    def test_stops_in_order(self):
        self.assert_stops()


class Redis(Server):
    port = 6379

    def ask(self, *words, running=None):
        with (running or self.running).connect(self.port) as connection:
            return exchange(connection, (" ".join(words) + "\r\n").encode(), (b"\r\n",)).decode()

    def test_answers_a_ping(self):
        self.assertEqual(self.ask("PING"), "+PONG\r\n")

    def test_keeps_values(self):
        self.assertEqual(self.ask("SET", "colour", "blue"), "+OK\r\n")
        self.assertEqual(self.ask("GET", "colour"), "$4\r\nblue\r\n")

    def test_runs_lua(self):
        self.assertEqual(self.ask("EVAL", '"return string.rep(\'ab\', 3)"', "0"), "$6\r\nababab\r\n")
        self.assertEqual(self.ask("EVAL", '"return cjson.encode({1, cmsgpack.unpack(cmsgpack.pack(2))})"', "0"), "$5\r\n[1,2]\r\n")

    def test_saves_to_its_volume(self):
        self.ask("SET", "saved", "yes")
        self.assertEqual(self.ask("SAVE"), "+OK\r\n")
        self.assertEqual(self.ask("CONFIG", "GET", "dir"), "*2\r\n$3\r\ndir\r\n$5\r\n/data\r\n")

    def test_rewrites_its_log_in_a_child(self):
        self.assertIn("started", self.ask("BGREWRITEAOF"))
        self.running.wait_for("Background AOF rewrite finished successfully")

    def test_tells_its_version(self):
        self.assertIn("Redis server v=7", self.said("redis-server", "--version"))

    def test_the_client_of_the_healthcheck_is_there(self):
        self.assertEqual(self.running.exec("redis-cli", "ping").out, "PONG\n")

    def test_keeps_values_over_a_restart(self):
        with tempfile.TemporaryDirectory() as folder:
            os.chmod(folder, 0o777)
            for _ in range(2):
                with self.containers.start(mounts=[(folder, "/data", "rw")]) as running:
                    counted = self.ask("INCR", "starts", running=running)
                    self.ask("SAVE", running=running)
            self.assertEqual(counted, ":2\r\n")

    def test_another_configuration_with_a_password(self):
        settings = file_of(self, b"port 6379\nprotected-mode no\nrequirepass secret\nuser reader on >word ~* +get\n")
        with self.containers.start("redis-server", "/other.conf", mounts=[(settings, "/other.conf")]) as running:
            self.assertIn("NOAUTH", self.ask("PING", running=running))
            self.assertEqual(self.ask("AUTH", "reader", "word", running=running), "+OK\r\n")

    def test_speaks_tls(self):
        folder = certificate_folder(self)
        with self.containers.start("redis-server", "--port", "0", "--tls-port", "6379", "--tls-cert-file", "/tls/cert.pem",
                                   "--tls-key-file", "/tls/key.pem", "--tls-ca-cert-file", "/tls/cert.pem",
                                   "--tls-auth-clients", "no", mounts=[(folder, "/tls")]) as running:
            with secured(running.connect(6379), folder) as connection:
                self.assertEqual(exchange(connection, b"PING\r\n", (b"\r\n",)), b"+PONG\r\n")

    def test_follows_a_name(self):
        self.assertEqual(self.ask("REPLICAOF", "localhost", "6379"), "+OK\r\n")
        self.running.wait_for("Connecting to MASTER localhost:6379")
        self.assertEqual(self.ask("REPLICAOF", "NO", "ONE"), "+OK\r\n")

    def test_stops_in_order(self):
        self.assert_stops()


class Memcached(Server):
    port = 11211

    def ask(self, message, end=b"\r\n", running=None):
        with (running or self.running).connect(self.port) as connection:
            return exchange(connection, message.encode(), (end,)).decode()

    def test_tells_its_version(self):
        self.assertRegex(self.ask("version\r\n"), r"^VERSION 1\.6")

    def test_keeps_values(self):
        self.assertEqual(self.ask("set colour 0 60 4\r\nblue\r\n"), "STORED\r\n")
        self.assertEqual(self.ask("get colour\r\n", b"END\r\n"), "VALUE colour 0 4\r\nblue\r\nEND\r\n")

    def test_counts(self):
        self.ask("set visits 0 60 1\r\n7\r\n")
        self.assertEqual(self.ask("incr visits 5\r\n"), "12\r\n")

    def test_has_statistics(self):
        self.assertIn("STAT threads 4", self.ask("stats\r\n", b"END\r\n"))

    def test_runs_as_its_user(self):
        self.assertIn("maxconns 1024", self.ask("stats settings\r\n", b"END\r\n"))
        self.assertIn("limit_maxbytes 33554432", self.ask("stats\r\n", b"END\r\n"))

    def test_looks_its_user_up(self):
        with self.containers.start("-u", "memcache", user="root") as running:
            self.assertRegex(self.ask("version\r\n", running=running), r"^VERSION 1\.6")
        self.assertIn("can't find the user", self.run_image("-u", "mallory", user="root", status=67).err)

    def test_other_settings(self):
        with self.containers.start("-t", "2", "-I", "2m", "-o", "modern") as running:
            self.assertIn("STAT threads 2", self.ask("stats\r\n", b"END\r\n", running=running))
            large = "x" * 1_500_000
            self.assertEqual(self.ask("set large 0 0 %d\r\n%s\r\n" % (len(large), large), running=running), "STORED\r\n")

    def test_keeps_items_on_disk(self):
        with self.containers.start("-o", "ext_path=/tmp/store:64m") as running:
            self.assertIn("STAT extstore_io_queue", self.ask("stats\r\n", b"END\r\n", running=running))

    def test_listens_on_a_name(self):
        with self.containers.start("-l", "localhost") as running:
            self.assertRegex(self.ask("version\r\n", running=running), r"^VERSION 1\.6")

    def test_explains_itself(self):
        self.assertIn("memcached 1.6", self.said("-h"))

    def test_refuses_what_it_does_not_know(self):
        self.run_image("--nonsense", status=1)

    def test_stops_in_order(self):
        self.assert_stops()


class Git(HttpServer):
    port = 8080
    started = "server started"  # lighttpd exits with 1 where a connection is open still
    url = "http://localhost:8080/git/project.git"

    def git(self, *words, status=0):
        """git in the running container, as its user."""
        finished = self.running.exec("git", *words)
        self.assertEqual(finished.status, status, str(finished))
        return finished

    def shell(self, script):
        finished = self.running.exec("/bin/sh", "-euc", script)
        self.assertEqual(finished.status, 0, str(finished))
        return finished.out

    def in_image(self, *words, **options):
        return self.run_image("git", "-C", "/srv/git/project.git", *words, **options)

    def test_advertises_its_branches(self):
        text = self.text("/git/project.git/info/refs?service=git-upload-pack")
        self.assertIn("# service=git-upload-pack", text)
        self.assertIn("refs/heads/main", text)

    def test_serves_plain_files(self):
        self.assertEqual(self.text("/git/project.git/HEAD"), "ref: refs/heads/main\n")

    def test_what_is_not_there(self):
        self.text("/git/nothing.git/info/refs?service=git-upload-pack", status=404)

    def test_clones(self):
        self.assertEqual(self.shell("folder=$(mktemp -d); git clone -q %s $folder/a; git -C $folder/a log --format=%%s; "
                                    "git clone -q --depth 1 --branch v1 %s $folder/b; git -C $folder/b describe" % (self.url, self.url)),
                         "Begin\nv1\n")

    def test_verifies_certificates(self):
        self.running.connect(8443).close()
        self.assertIn("refs/heads/main", self.git("ls-remote", "https://localhost:8443/git/project.git").out)
        refused = self.git("ls-remote", "https://127.0.0.2:8443/git/project.git", status=128)  # not in the certificate
        self.assertIn("certificate", refused.err)

    def test_takes_a_push_and_runs_the_hook(self):
        finished = self.running.exec(
            "/bin/sh", "-euc", "cd $(mktemp -d); git clone -q %s .; echo more >>README.md; git commit -q -a -m 'Add more'; "
            "git push origin HEAD:refs/heads/other" % self.url)
        self.assertIn("remote: received refs/heads/other: ADD MORE", finished.err, str(finished))

    def test_shows_history(self):
        self.assertEqual(self.in_image("log", "--format=%an %s").out, "A Begin\n")
        self.assertIn("numbers.txt | 200", self.in_image("show", "--stat", "main").out)
        self.assertEqual(self.in_image("grep", "-c", "1", "main", "--", "numbers.txt").out, "main:numbers.txt:119\n")
        self.assertIn("A project", self.in_image("blame", "main", "--", "README.md").out)

    def test_packs_and_checks(self):
        self.assertEqual(self.shell("cd $(mktemp -d); git clone -q --bare %s x; cd x; git gc --quiet; git fsck; git count-objects -v" %
                                    self.url).split("packs: ")[1][0], "1")

    def test_archives(self):
        self.assertEqual(self.shell("cd /srv/git/project.git; git archive --format=tar.gz -o /tmp/main.tar.gz main; "
                                    "git archive main | git get-tar-commit-id").strip(),
                         self.git("-C", "/srv/git/project.git", "rev-parse", "main").out.strip())

    def test_bundles_and_patches(self):
        self.assertEqual(self.shell("cd $(mktemp -d); git clone -q %s .; git bundle create -q all --all; git bundle verify -q all; "
                                    "echo more >>README.md; git commit -q -a -m 'Add more'; git format-patch -q -1 --stdout >p; "
                                    "git reset -q --hard HEAD~; git am -q p; git log -1 --format=%%s" % self.url), "Add more\n")

    def test_merges_and_rebases(self):
        self.assertEqual(self.shell(
            "cd $(mktemp -d); git clone -q %s .; git switch -q -c side; echo a >a; git add a; git commit -q -m a; git switch -q main; "
            "echo b >b; git add b; git commit -q -m b; git rebase -q main side; git switch -q main; git merge -q side; git stash list; "
            "git log --format=%%s" % self.url), "a\nb\nBegin\n")

    def test_explains_itself(self):
        self.assertIn("usage: git", self.run_image("git", "--help").out)
        self.assertIn("is not a git command", self.run_image("git", "nonsense", status=1).err)

    def test_stops_in_order(self):
        self.assert_stops()


OF_IMAGE = {"nginx": Nginx, "redis": Redis, "memcached": Memcached, "git": Git}
