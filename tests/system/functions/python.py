"""Functions of the Python images: most routes and commands import what they need when they are called."""

import json

from .base import FEED, SHIFT_JIS, TEST_TEXT, Functions, HttpServer


class Flask(HttpServer):
    port = 8000

    def test_renders_a_page_of_two_templates(self):
        self.assertIn("<li>apples &amp; plums</li>", self.text("/"))

    def test_serves_static_files(self):
        self.assertIn("color", self.text("/static/style.css"))

    def test_asks_a_database(self):
        self.assertEqual(json.loads(self.text("/orders")), [["apples", 5], ["pears", 7]])

    def test_knows_time_zones(self):
        self.assertEqual(self.text("/when/Asia/Tokyo"), "2024-07-01 21:00 JST")
        self.assertEqual(self.text("/when/America/Argentina/Ushuaia"), "2024-07-01 09:00 -03")

    def test_the_zone_of_the_environment(self):
        with self.containers.start(env=["TZ=Asia/Kathmandu"]) as running:
            self.assertEqual(self.text("/local", running=running), "17:45 +0545")

    def test_verifies_certificates_by_the_trust_store(self):
        self.assertEqual(self.text("/secure"), "hello, and a stranger is refused")

    def test_counts_in_decimals(self):
        self.assertEqual(self.text("/price/9.99"), "11.89")

    def test_parses_xml(self):
        self.assertEqual(json.loads(self.post("/feed", FEED)), ["Pears", "Apples & plums"])

    def test_exports_by_a_module_that_only_the_caller_knows(self):
        self.assertEqual(self.text("/export/csv_rows"), "pears,7\napples,5\n")
        self.assertIn('<item name="pears" pieces="7"/>', self.text("/export/tree"))

    def test_reports_from_a_data_file_of_the_package(self):
        self.assertEqual(self.text("/report"), "February: mean 5.2, 29 days")

    def test_packs_three_ways(self):
        self.assertEqual([self.text("/pack/" + method) for method in ("gz", "bz2", "xz")], ["pears pears"] * 3)

    def test_knows_encodings(self):
        self.assertEqual(self.post("/recode/cp932", SHIFT_JIS), TEST_TEXT)
        self.assertEqual(self.post("/recode/idna", b"xn--bltter-cua.example"), "bl\u00e4tter.example")

    def test_starts_other_programs(self):
        self.assertEqual(self.text("/run"), "cba|42")

    def test_knows_users_and_hosts(self):
        self.assertEqual(self.text("/who"), "app at 127.0.0.1")

    def test_digests_of_openssl_and_its_own(self):
        self.assertRegex(self.text("/digests"), r"^([0-9a-f]{8} ){3}[0-9a-f]{8}$")

    def test_finds_the_metadata_of_packages(self):
        self.assertRegex(self.text("/versions"), r"^3 .*flask.*gunicorn")

    def test_works_in_other_processes(self):
        self.assertEqual(self.text("/workers"), "25")

    def test_decodes_mail(self):
        self.assertEqual(self.text("/mail"), "Bl\u00e4tter")

    def test_fails_in_order(self):
        self.assertIn("Internal Server Error", self.text("/broken", status=500))
        self.running.wait_for("a route that fails")

    def test_another_configuration(self):
        with self.containers.start("gunicorn", "-c", "gunicorn_other.py", "app:app") as running:
            self.assertEqual(self.text("/health", running=running, port=9000), "ok")

    def test_its_health_check(self):
        self.assertEqual(self.running.exec(*self.healthcheck()).status, 0)

    def healthcheck(self):
        return ("python3", "-c", "import urllib.request; urllib.request.urlopen('http://localhost:8000/health')")

    def test_reloads(self):
        with self.containers.start() as running:
            self.text("/health", running=running)
            running.signal("HUP")
            running.wait_for("Hang up: Master")
            self.assertEqual(self.text("/price/1", running=running), "1.19")

    def test_stops_in_order(self):
        self.assertIn("Shutting down: Master", self.assert_stops())


class PyWheels(Functions):
    def test_summarizes(self):
        self.assertEqual(self.said(), "rows 3, mean 5.17\n")

    def test_solves_equations_with_openblas(self):
        self.assertEqual(self.said("solve"), "2.0 3.0\n")

    def test_transforms(self):
        self.assertEqual(self.said("spectrum"), "1 1 1\n")

    def test_draws_numbers(self):
        self.assertEqual(self.said("draws"), "[94, 62, 68, 89]\n")

    def test_finds_roots(self):
        self.assertEqual(self.said("polynomial"), "3.0 2.0\n")

    def test_encrypts(self):
        self.assertEqual(self.said("encrypt"), "pears\n")

    def test_reads_certificates(self):
        self.assertEqual(self.said("certificate"), "CN=localhost CN=Test authority\n")

    def test_signs(self):
        self.assertEqual(self.said("sign"), "signed\n")

    def test_writes_and_reads_pictures(self):
        for form in ("JPEG", "PNG", "WEBP", "TIFF", "GIF"):
            self.assertEqual(self.said("picture", form), form + " (64, 32) dark\n")

    def test_verifies_certificates(self):
        self.assertEqual(self.said("secure"), "200\nrefused\n")

    def test_knows_time_zones(self):
        self.assertEqual(self.said("zones"), "2024-07-01 17:30:00+05:30\n")

    def test_compares_arrays(self):
        self.assertEqual(self.said("checks"), "close\n")

    def test_knows_encodings(self):
        self.assertEqual(self.said("recode", "shift_jis"), TEST_TEXT + "\n")

    def test_finds_the_metadata_of_packages(self):
        self.assertRegex(self.said("versions"), r"^2\.2\.6 44\.0\.3 11\.2\.1 2\.32\.3 20\d\d")

    def test_another_command_of_the_environment(self):
        self.assertEqual(self.said("-c", "import sys; print(sys.prefix)", entrypoint="python3"), "/opt/venv\n")

    def test_fails_in_order(self):
        finished = self.run_image("nothing", status=1)
        self.assertIn("KeyError: 'nothing'", finished.err)


OF_IMAGE = {"flask": Flask, "pywheels": PyWheels}
