"""Functions of the node/express image."""

import json

from .base import EURO, SHIFT_JIS, TEST_TEXT, HttpServer


class Express(HttpServer):
    port = 3000

    def test_serves_its_page_and_static_files(self):
        self.assertIn("<title>Shop</title>", self.text("/"))
        status, headers, _ = self.ask("/assets/style.css")
        self.assertEqual((status, headers["Content-Type"]), (200, "text/css; charset=UTF-8"))

    def test_compresses_where_the_client_asks(self):
        _, headers, body = self.ask("/health", headers={"Accept-Encoding": "gzip"})
        self.assertEqual((headers["Content-Encoding"], body[:2]), ("gzip", b"\x1f\x8b"))

    def test_renders_templates_by_an_engine_that_only_the_setting_names(self):
        self.assertIn("<li>apples &amp; plums</li>", self.text("/page"))

    def test_takes_orders(self):
        self.assertEqual(json.loads(self.post("/orders", b'{"name": "pears"}', "application/json", status=201)), {"accepted": "pears"})

    def test_two_plugins_whose_names_only_the_caller_knows(self):
        self.assertEqual([self.text("/plugin/" + name) for name in ("shout", "reverse")], ["PEARS", "sraep"])

    def test_imports_modules_of_the_other_kind(self):
        self.assertRegex(self.text("/id"), "^[ab]{8}$")
        self.assertEqual(self.text("/esm"), "6")

    def test_loads_native_code(self):
        self.assertEqual(self.text("/mask"), "00030205 native")

    def test_knows_encodings(self):
        self.assertEqual(self.post("/recode/iso-8859-15", EURO), "10 \u20ac")
        self.assertEqual(self.post("/recode/shift_jis", SHIFT_JIS), TEST_TEXT)
        self.assertEqual(self.post("/decode/shift_jis", SHIFT_JIS), TEST_TEXT)

    def test_knows_time_zones_and_languages(self):
        self.assertEqual(self.text("/when/Asia/Tokyo"), "Montag, 1. Juli 2024 um 21:00")

    def test_the_zone_of_the_environment(self):
        with self.containers.start(env=["TZ=Asia/Kathmandu"]) as running:
            self.assertIn("17:45:00 GMT+0545", self.text("/local", running=running))

    def test_formats_currencies(self):
        self.assertEqual(self.text("/price/de"), "1.234,50\u00a0\u20ac")
        self.assertIn("\u20ac1,234.50", self.text("/price/en"))

    def test_verifies_certificates(self):
        self.assertRegex(self.text("/secure"), "^hello, [A-Z_]*CERT[A-Z_]*$")  # the second answer: a stranger is refused

    def test_packs_two_ways(self):
        self.assertEqual([self.text("/pack/" + method) for method in ("br", "gz")], ["pears"] * 2)

    def test_digests(self):
        self.assertRegex(self.text("/digests"), r"^([0-9a-f]{8} ){4}$|^([0-9a-f]{8} ){3}[0-9a-f]{8}$")

    def test_starts_other_programs(self):
        self.assertEqual(self.text("/run"), "cba|42")

    def test_knows_users_and_hosts(self):
        self.assertEqual(self.text("/who"), "app at 127.0.0.1")

    def test_works_in_threads(self):
        self.assertEqual(self.text("/work"), "6765")

    def test_fails_in_order(self):
        self.text("/broken", status=500)
        self.running.wait_for("a route that fails")
        self.text("/nothing/here", status=404)

    def test_its_health_check(self):
        self.assertEqual(self.running.exec("/bin/sh", "-c", "node healthcheck.js || exit 1").status, 0)

    def test_another_port(self):
        with self.containers.start(env=["PORT=4000"]) as running:
            self.assertEqual(self.text("/health", running=running, port=4000), "ok")

    def test_reloads(self):
        with self.containers.start() as running:
            self.text("/health", running=running)
            running.signal("HUP")
            running.wait_for("reloaded: true")

    def test_stops_in_order(self):
        self.assert_stops()


OF_IMAGE = {"express": Express}
