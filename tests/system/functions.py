"""What the test images are for: the functions that each offers, exercised from outside, far more of them than
slim sees when it starts an image by itself. Each class is run against `slim run` and against Docker, and can be
run against the original to test the test (functions_test.py --original NAME)."""

import http.client
import unittest


class Functions(unittest.TestCase):
    """`containers` is set by whoever runs the class: a SlimContainers or a DockerContainers."""

    containers = None
    maxDiff = 4000

    def run_image(self, *arguments, status=0, **options):
        finished = self.containers.run(*arguments, **options)
        self.assertEqual(finished.status, status, str(finished))
        return finished


class Server(Functions):
    """One container for all tests of the class."""

    arguments = ()

    @classmethod
    def setUpClass(cls):
        cls.running = cls.enterClassContext(cls.containers.start(*cls.arguments))


def exchange(connection, message, ends):
    """Sends bytes, and reads until the answer ends with one of `ends`."""
    connection.sendall(message)
    answer = b""
    while not answer.endswith(ends):
        block = connection.recv(65536)
        if not block:
            break
        answer += block
    return answer


class Nginx(Server):
    def get(self, path, method="GET", headers=None):
        connection = http.client.HTTPConnection("localhost")
        connection.sock = self.running.connect(80)
        connection.request(method, path, headers=headers or {})
        response = connection.getresponse()
        body = response.read()
        connection.close()
        return response, body

    def test_serves_the_index_page(self):
        response, body = self.get("/")
        self.assertEqual((response.status, response.getheader("Content-Type")), (200, "text/html"))
        self.assertIn(b"<h1>It is served</h1>", body)

    def test_a_missing_page_is_a_404_with_its_page(self):
        response, body = self.get("/nothing/here")
        self.assertEqual(response.status, 404)
        self.assertIn(b"404 Not Found", body)

    def test_static_files_have_their_mime_types(self):
        for path, mime in (("/assets/style.css", "text/css"), ("/assets/logo.svg", "image/svg+xml"),
                           ("/data.json", "application/json"), ("/assets/large.txt", "text/plain")):
            response, body = self.get(path)
            self.assertEqual((path, response.status, response.getheader("Content-Type")), (path, 200, mime))
            self.assertGreater(len(body), 0)

    def test_ranges_and_conditional_requests(self):
        response, body = self.get("/assets/large.txt", headers={"Range": "bytes=10-19"})
        self.assertEqual((response.status, body), (206, b"x" * 10))
        date = self.get("/")[0].getheader("Last-Modified")
        response, _ = self.get("/", headers={"If-Modified-Since": date})
        self.assertEqual(response.status, 304)

    def test_compresses_where_the_client_asks(self):
        response, body = self.get("/", headers={"Accept-Encoding": "gzip"})
        self.assertEqual((response.getheader("Content-Encoding"), body[:2]), ("gzip", b"\x1f\x8b"))

    def test_takes_a_body_and_refuses_the_method(self):
        self.assertEqual(self.get("/", method="POST")[0].status, 405)

    def test_logs_to_the_containers_output(self):
        self.get("/a-path-for-the-log")
        self.assertIn("GET /a-path-for-the-log HTTP/1.1", self.running.output())

    def test_checks_its_configuration(self):
        self.assertIn("syntax is ok", self.run_image("nginx", "-t").err)

    def test_tells_its_version(self):
        self.assertIn("configure arguments:", self.run_image("nginx", "-V").err)

    def test_stops_in_order(self):
        with self.containers.start() as running:
            running.connect(80).close()
            self.assertEqual(running.stop(), 0, running.output())


class Redis(Server):
    def ask(self, *words):
        with self.running.connect(6379) as connection:
            return exchange(connection, (" ".join(words) + "\r\n").encode(), (b"\r\n",)).decode()

    def test_answers_a_ping(self):
        self.assertEqual(self.ask("PING"), "+PONG\r\n")

    def test_keeps_values(self):
        self.assertEqual(self.ask("SET", "colour", "blue"), "+OK\r\n")
        self.assertEqual(self.ask("GET", "colour"), "$4\r\nblue\r\n")

    def test_runs_lua(self):
        self.assertEqual(self.ask("EVAL", '"return string.rep(\'ab\', 3)"', "0"), "$6\r\nababab\r\n")

    def test_saves_to_its_volume(self):
        self.ask("SET", "saved", "yes")
        self.assertEqual(self.ask("SAVE"), "+OK\r\n")
        self.assertEqual(self.ask("CONFIG", "GET", "dir"), "*2\r\n$3\r\ndir\r\n$5\r\n/data\r\n")

    def test_rewrites_its_log_in_a_child(self):
        self.assertIn("started", self.ask("BGREWRITEAOF"))

    def test_tells_its_version(self):
        self.assertIn("Redis server v=7", self.run_image("redis-server", "--version").out)

    def test_the_client_of_the_healthcheck_is_there(self):
        self.assertIn("redis-cli 7", self.run_image("redis-cli", "--version").out)

    def test_stops_in_order(self):
        with self.containers.start() as running:
            running.connect(6379).close()
            self.assertEqual(running.stop(), 0, running.output())


class Memcached(Server):
    def ask(self, message, end=b"\r\n"):
        with self.running.connect(11211) as connection:
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

    def test_explains_itself(self):
        self.assertIn("memcached 1.6", self.run_image("-h").out)

    def test_stops_in_order(self):
        with self.containers.start() as running:
            running.connect(11211).close()
            self.assertEqual(running.stop(), 0, running.output())


class Cli(Functions):
    def test_summarizes_its_log(self):
        self.assertEqual(self.run_image().out, "requests 6\naddresses 4\n 3 / \n 2 /about\n 1 /missing\n".replace(
            "3 / \n", "3 /\n") + "errors 2\nfirst 2024-07-01 14:00 CEST\n")

    def test_another_time_zone_is_not_silently_wrong(self):
        self.assertIn("first 2024-07-01 21:00 JST", self.run_image(env=["TZ=Asia/Tokyo"]).out)

    def test_fetches_by_curl(self):
        self.assertIn("requests 6", self.run_image("file:///srv/logs/access.log").out)

    def test_curl_speaks_its_protocols(self):
        out = self.run_image("--version", entrypoint="curl").out
        self.assertIn("https", out)
        self.assertIn("HTTP2", out)

    def test_reports_what_it_cannot_read(self):
        self.assertIn("cannot be read", self.run_image("/nowhere", status=3).err)

    def test_reads_a_mounted_log(self):
        self.assertIn("bash", self.run_image("-c", "read -r line </host/log && echo $line ${BASH##*/}",
                                             entrypoint="bash", mounts=[(__file__.rpartition("/")[0], "/host/log.d"),
                                                                        (__file__, "/host/log")]).out)


class Plugin(Functions):
    def test_all_four_ways(self):
        self.assertEqual(self.run_image().out.splitlines(),
                         ["plugin: A PLUG-IN SPEAKS", "address: 127.0.0.1", "charset: 10 €", "numbers: 1.234.567,89"])

    def test_the_c_locale_as_well(self):
        self.assertIn("numbers: 1234567.89", self.run_image(env=["LC_ALL=C"]).out)


class Static(Functions):
    def test_greets_with_the_file_of_the_upper_layer(self):
        self.assertEqual(self.run_image().out, "Good evening.\narguments 1, user 1000\none\n")

    def test_takes_arguments(self):
        self.assertTrue(self.run_image("a", "b").out.endswith("arguments 2, user 1000\na\nb\n"))


class Musl(Functions):
    def test_counts(self):
        self.assertEqual(self.run_image().out, "4 times l in: musl is a small libc\n")

    def test_takes_arguments(self):
        self.assertEqual(self.run_image("hello world").out, "3 times l in: hello world\n")


class Alpine(Functions):
    def test_reports(self):
        self.assertEqual(self.run_image().out, "apples 5\npears 7\ntotal 12\n")

    def test_reports_a_missing_file(self):
        self.assertIn("/nowhere", self.run_image("/nowhere", status=1).err)


class Go(Server):
    def test_serves_its_page(self):
        connection = http.client.HTTPConnection("localhost")
        connection.sock = self.running.connect(8080)
        connection.request("GET", "/")
        response = connection.getresponse()
        self.assertEqual((response.status, response.getheader("Content-Type")), (200, "text/html; charset=utf-8"))
        self.assertIn(b"Served by Go", response.read())
        connection.close()


OF_IMAGE = {"nginx": Nginx, "redis": Redis, "memcached": Memcached, "cli": Cli, "plugin": Plugin, "static": Static,
            "musl": Musl, "alpine": Alpine, "go": Go}
