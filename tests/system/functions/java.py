"""Functions of the images with a Java runtime."""

import json
import os
import tempfile

from .base import EURO, FEED, SHIFT_JIS, TEST_TEXT, HttpServer


class Java(HttpServer):
    port = 8080

    def test_greets(self):
        self.assertEqual(self.text("/"), "Welcome")

    def test_knows_time_zones(self):
        self.assertEqual(self.text("/when/Asia/Tokyo"), "2024-07-01 21:00 JST")

    def test_the_zone_of_the_environment(self):
        with self.containers.start(env=["TZ=Asia/Kathmandu"]) as running:
            self.assertEqual(self.text("/local", running=running), "17:45")

    def test_knows_languages(self):
        self.assertEqual(self.text("/day/de"), "Montag 1 Juli")
        self.assertEqual(self.text("/price/de-DE"), "1.234,50\u00a0\u20ac")

    def test_knows_encodings(self):
        self.assertEqual(self.post("/recode/ISO-8859-15", EURO), "10 \u20ac")
        self.assertEqual(self.post("/recode/Shift_JIS", SHIFT_JIS), TEST_TEXT)
        self.assertEqual(self.post("/recode/IBM1047", b"\x97\x85\x81\x99\xa2"), "pears")

    def test_verifies_certificates_by_the_trust_store(self):
        self.assertEqual(self.text("/secure"), "hello by TLSv1.3")

    def test_providers_of_another_jar(self):
        self.assertEqual(self.text("/export/csv"), "pears,7\n")
        self.assertEqual(self.text("/export/xml"), '<item pieces="7">pears</item>')

    def test_parses_xml(self):
        self.assertEqual(self.post("/titles", FEED), "Apples & plums")

    def test_packs(self):
        self.assertEqual(self.post("/pack", b"pears"), "pears")

    def test_digests_and_ciphers(self):
        self.assertRegex(self.post("/digest/SHA3-256", b"pears"), "^[0-9a-f]{8}$")
        self.assertEqual(self.post("/cipher", b"pears"), "pears")

    def test_draws_and_reads_pictures(self):
        self.assertEqual(self.text("/picture"), "16x8 ffffffff")

    def test_starts_other_programs(self):
        self.assertEqual(self.text("/run"), "four2")

    def test_knows_users_and_hosts(self):
        self.assertEqual(self.text("/who"), "nobody at 127.0.0.1")

    def test_manages_itself(self):
        self.assertIn("OpenJDK", self.text("/machine"))

    def test_asks_itself_by_the_http_client(self):
        self.assertEqual(self.text("/ask"), "Welcome")

    def test_fails_in_order(self):
        self.text("/nothing", status=404)

    def test_options_of_the_virtual_machine(self):
        with self.containers.start(env=["JAVA_OPTS=-Duser.language=de -Xlog:gc"]) as running:
            self.assertEqual(self.text("/", running=running), "Welcome")
            running.wait_for("Using Serial")

    def test_another_configuration(self):
        with tempfile.TemporaryDirectory() as folder:
            os.chmod(folder, 0o755)
            path = os.path.join(folder, "shop.properties")
            with open(path, "w", encoding="utf-8") as file:
                file.write("port = 8090\ngreeting = Willkommen\n")
            with self.containers.start(env=["SHOP_SETTINGS=/other.properties"], mounts=[(path, "/other.properties")]) as running:
                self.assertEqual(self.text("/", running=running, port=8090), "Willkommen")

    def test_stops_in_order(self):
        with self.containers.start() as running:
            running.wait_for("ready")
            self.assertEqual(running.stop(), 143)
            self.assertIn("stopped", running.output())


class Spring(HttpServer):
    port = 8080

    def test_serves_its_page(self):
        self.assertIn("Served by Spring", self.text("/"))

    def test_writes_and_reads_json(self):
        self.assertEqual(json.loads(self.text("/orders"))[1], {"name": "apples", "pieces": 5})
        answer = self.post("/orders", b'{"name": "plums", "pieces": 2}', "application/json")
        self.assertEqual(json.loads(answer), {"accepted": "plums", "pieces": 2})

    def test_refuses_what_is_no_order(self):
        self.post("/orders", b"{", "application/json", status=400)

    def test_knows_time_zones(self):
        self.assertEqual(self.text("/when/Asia/Tokyo"), "2024-07-01 21:00 JST")

    def test_knows_languages(self):
        self.assertEqual(self.text("/price/de-DE"), "1.234,50\u00a0\u20ac")

    def test_parses_xml(self):
        self.assertEqual(self.post("/titles", FEED), "Pears")

    def test_knows_encodings(self):
        self.assertEqual(self.post("/recode/Shift_JIS", SHIFT_JIS), TEST_TEXT)

    def test_digests_and_packs(self):
        self.assertRegex(self.text("/digest"), "^[0-9a-f]{8}$")
        self.assertEqual(self.text("/pack"), "pears")

    def test_knows_users_and_hosts(self):
        self.assertEqual(self.text("/who"), "spring at 127.0.0.1")

    def test_verifies_certificates_by_the_trust_store(self):
        self.assertEqual(self.text("/secure"), "hello by TLSv1.3")

    def test_a_page_that_is_not_there(self):
        self.assertEqual(json.loads(self.text("/nothing", status=404))["error"], "Not Found")

    def test_settings_of_the_environment(self):
        with self.containers.start(env=["SHOP_GREETING=Willkommen", "SERVER_PORT=8090"]) as running:
            self.assertEqual(self.text("/greeting", running=running, port=8090), "Willkommen")

    def test_stops_in_order(self):
        self.assertIn("Graceful shutdown complete", self.assert_stops(status=143))


OF_IMAGE = {"java": Java, "spring": Spring}
