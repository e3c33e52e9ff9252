"""Functions of PHP under Apache."""

import json

from .base import EURO, FEED, SHIFT_JIS, TEST_TEXT, HttpServer


class Php(HttpServer):
    port = 80

    def test_serves_its_page(self):
        self.assertIn("PHP 8 says welcome", self.text("/"))

    def test_rewrites_addresses_and_sets_headers(self):
        status, headers, _ = self.ask("/do/local")
        self.assertEqual((status, headers["X-Shop"]), (200, "small"))

    def test_serves_static_files(self):
        status, headers, _ = self.ask("/assets/style.css")
        self.assertEqual((status, headers["Content-Type"]), (200, "text/css"))

    def test_asks_a_database_in_its_folder(self):
        self.assertEqual(json.loads(self.text("/do/orders")), [["apples", 5], ["pears", 7]])

    def test_knows_time_zones(self):
        self.assertEqual(self.text("/do/when/Asia/Tokyo"), "2024-07-01 21:00 JST")
        self.assertEqual(self.text("/do/local"), "14:00 CEST")

    def test_parses_xml(self):
        self.assertEqual(self.post("/do/titles", FEED), "Apples & plums")

    def test_knows_letters_and_encodings(self):
        self.assertEqual(self.post("/do/upper", "\u00e4pfel".encode()), "\u00c4PFEL")
        self.assertEqual(self.post("/do/recode/SHIFT_JIS", SHIFT_JIS), TEST_TEXT)
        self.assertEqual(self.post("/do/recode/ISO-8859-15", EURO), "10 \u20ac")

    def test_knows_languages(self):
        self.assertEqual(self.text("/do/price/de_DE"), "1.234,50\u00a0\u20ac")
        self.assertEqual(self.text("/do/sorted/sv"), "apfel zebra \u00e4pfel")

    def test_verifies_certificates(self):
        self.assertEqual(self.text("/do/secure"), "200  stream")

    def test_digests(self):
        self.assertRegex(self.text("/do/digests"), r"^[0-9a-f]{64} \$2y\$$")

    def test_keeps_sessions(self):
        _, headers, body = self.ask("/do/session")
        cookie = headers["Set-Cookie"].partition(";")[0]
        self.assertEqual((body, self.ask("/do/session", headers={"Cookie": cookie})[2]), (b"1", b"2"))

    def test_starts_other_programs(self):
        self.assertEqual(self.text("/do/run"), "52")

    def test_knows_users_and_hosts(self):
        self.assertEqual(self.text("/do/mail"), "127.0.0.1 www-data")

    def test_has_its_extensions(self):
        self.assertEqual(self.text("/do/extensions"), "curl dom intl mbstring PDO pdo_sqlite Zend OPcache")

    def test_loads_classes_by_itself(self):
        self.assertEqual(self.text("/do/parts"), "nouns and verbs")

    def test_what_is_not_there(self):
        self.assertEqual(self.text("/do/nothing", status=404), "no such action\n")
        self.text("/nothing.html", status=404)

    def test_logs_to_the_containers_output(self):
        self.text("/assets/style.css?for-the-log")
        self.running.wait_for("GET /assets/style.css?for-the-log")

    def test_checks_its_configuration(self):
        self.assertIn("Syntax OK", self.run_image("apachectl", "configtest").err)

    def test_lists_its_modules(self):
        self.assertIn("php_module (shared)", self.said("apachectl", "-M"))

    def test_reloads(self):
        with self.containers.start() as running:
            self.text("/", running=running)
            self.assertEqual(running.exec("apachectl", "graceful").status, 0)
            running.wait_for("Graceful restart requested")
            self.assertIn("PHP 8", self.text("/", running=running))

    def test_stops_in_order(self):
        with self.containers.start() as running:
            self.text("/", running=running)
            self.assertEqual(running.exec("apachectl", "graceful-stop").status, 0)
            self.assertEqual(running.wait(), 143, running.output())  # Apache ends its process group, with the script in it


OF_IMAGE = {"php": Php}
