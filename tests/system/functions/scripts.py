"""Functions of the images that are written in shell, Perl and Ruby."""

import gzip
import json
import os
import tempfile

from .base import EURO, FEED, SHIFT_JIS, TEST_TEXT, Functions, HttpServer

LOG = "1719835200 192.0.2.1 / 200\n1719921600 192.0.2.1 /a 404\n"


def file_of(test, content):
    """The path of a file that every user of a container may read, until the test ends."""
    folder = tempfile.TemporaryDirectory()
    test.addCleanup(folder.cleanup)
    os.chmod(folder.name, 0o755)
    path = os.path.join(folder.name, "file")
    with open(path, "wb") as file:
        file.write(content)
    return path


class Cli(Functions):
    def test_summarizes_its_log(self):
        self.assertEqual(self.said(), "requests 6\naddresses 4\n 3 /\n 2 /about\n 1 /missing\nerrors 2\n"
                                      "first 2024-07-01 14:00 CEST\n")

    def test_another_time_zone_is_not_silently_wrong(self):
        self.assertIn("first 2024-07-01 21:00 JST", self.said(env=["TZ=Asia/Tokyo"]))

    def test_fetches_by_curl(self):
        self.assertIn("requests 6", self.said("file:///srv/logs/access.log"))

    def test_resolves_names(self):
        finished = self.run_image("http://localhost:9/log", status=7)  # 6: the name is not known
        self.assertIn("Failed to connect to localhost", finished.err)

    def test_curl_speaks_its_protocols(self):
        out = self.said("--version", entrypoint="curl")
        self.assertIn("https", out)
        self.assertIn("HTTP2", out)

    def test_reports_what_it_cannot_read(self):
        self.assertIn("cannot be read", self.run_image("/nowhere", status=3).err)

    def test_reads_a_mounted_log(self):
        self.assertIn("requests 2\n", self.said("/host/log", mounts=[(file_of(self, LOG.encode()), "/host/log")]))

    def test_unpacks_a_log(self):
        packed = file_of(self, gzip.compress(LOG.encode()))
        self.assertIn("errors 1\n", self.said("/host/log.gz", mounts=[(packed, "/host/log.gz")]))

    def test_writes_csv(self):
        self.assertTrue(self.said("--csv").startswith("seconds,address,path,status\n1719835200,192.0.2.1,/,200\n"))

    def test_numbers_the_days(self):
        self.assertTrue(self.said("--days").startswith("1 Monday 14:05\n2 Monday 14:04\n"))

    def test_digests(self):
        self.assertRegex(self.said("--digest"), r"^[0-9a-f]{12} MTc5Cg==\n$")

    def test_splits(self):
        self.assertEqual(self.said("--split"), "./part.00:2 ./part.01:2 ./part.02:2 total:6\n")

    def test_knows_who_it_is(self):
        self.assertEqual(self.said("--who"), "root on Linux, access.log of /srv/logs\n")
        self.assertEqual(self.said("--who", user="nobody"), "nobody on Linux, access.log of /srv/logs\n")

    def test_explains_itself(self):
        self.assertIn("usage: summary", self.said("--help"))
        self.assertIn("usage: summary", self.run_image("--nonsense", status=2).err)


class Alpine(Functions):
    def test_reports(self):
        self.assertEqual(self.said(), "apples 5\npears 7\ntotal 12\n")

    def test_reports_a_missing_file(self):
        self.assertIn("/nowhere", self.run_image("/nowhere", status=1).err)

    def test_packs(self):
        self.assertEqual(self.said("--archive"), "sales\n")

    def test_digests(self):
        self.assertRegex(self.said("--digest"), r"^[0-9a-f]{12} [0-9a-f]{8} cGVhcnMK\n$")

    def test_knows_the_time(self):
        self.assertEqual(self.said("--when"), "2024-07-01 12:00 21:00\n")

    def test_knows_users(self):
        self.assertEqual(self.said("--who"), "root of root, /\n")

    def test_serves_and_fetches(self):
        self.assertEqual(self.said("--serve"), "pears 4\napples 5\npears 3\n")

    def test_finds(self):
        self.assertEqual(self.said("--find"), "<sales>\n<serve>\n")

    def test_edits(self):
        self.assertEqual(self.said("--edit").split(), ["3", "PLUMS", "4"])

    def test_compares(self):
        self.assertEqual(self.said("--compare"), "2\nsame\n")

    def test_waits_and_counts(self):
        self.assertEqual(self.said("--wait"), "stopped with 143\n6\n")

    def test_reads_a_mounted_file(self):
        self.assertIn("plums 2\n", self.said("/host/sales", mounts=[(file_of(self, b"plums 2\n"), "/host/sales")]))

    def test_refuses_what_it_does_not_know(self):
        self.assertIn("no command nonsense", self.run_image("--nonsense", status=2).err)


class Perl(Functions):
    def test_shows_the_balance(self):
        self.assertEqual(self.said(), "cash 12.50\nbank 100.00\n")

    def test_two_formats_that_only_the_caller_names(self):
        self.assertEqual(self.said("format", "CSV"), "cash,12.5\nbank,100\n")
        self.assertIn("'name' => 'cash'", self.said("format", "Dump"))

    def test_a_format_that_is_not_there(self):
        self.assertIn("no format Nothing", self.run_image("format", "Nothing", status=2).err)

    def test_knows_time_zones(self):
        self.assertEqual(self.said("when", "Asia/Tokyo"), "2024-07-01 21:00 JST\n")

    def test_knows_days(self):
        self.assertEqual(self.said("day", "2024-07-01"), "Monday, day 183\n")

    def test_the_zone_of_the_environment(self):
        self.assertEqual(self.said("local", env=["TZ=Asia/Kathmandu"]), "17:45 +0545\n")

    def test_asks_a_database(self):
        self.assertEqual(self.said("query"), "1\n")

    def test_knows_encodings(self):
        self.assertEqual(self.said("recode", "shiftjis", SHIFT_JIS.hex()), TEST_TEXT + "\n")
        self.assertEqual(self.said("recode", "iso-8859-15", EURO.hex()), "10 \u20ac\n")

    def test_digests(self):
        self.assertRegex(self.said("digest"), r"^[0-9a-f]{8} [0-9a-f]{8} cGVhcnM=\n$")

    def test_parses_xml(self):
        self.assertEqual(self.said("xml"), "titles 2\n")

    def test_knows_unicode(self):
        self.assertEqual(self.said("unicode"), "STRASSE \u00c9\u00c9 digit \u03b1\n")
        self.assertEqual(self.said("normal"), "2\n")

    def test_verifies_certificates(self):
        self.assertEqual(self.said("secure"), "hello\n")

    def test_starts_other_programs(self):
        self.assertEqual(self.said("run"), "52\n")

    def test_knows_users_and_hosts(self):
        self.assertEqual(self.said("who"), "nobody at 127.0.0.1\n")

    def test_counts_big_numbers(self):
        self.assertEqual(self.said("big"), "1267650600228229401496703205376\n")

    def test_packs_and_uses_temporary_files(self):
        self.assertEqual(self.said("pack"), "pears\n")
        self.assertEqual(self.said("temporary"), "1\n")

    def test_explains_itself(self):
        self.assertIn("ledger COMMAND", self.said("help"))


class Ruby(HttpServer):
    port = 9292

    def test_serves_its_page(self):
        self.assertIn("Served by Ruby", self.text("/"))

    def test_renders_a_template(self):
        self.assertIn("<li>apples &amp; plums</li>", self.text("/page"))

    def test_asks_a_database(self):
        self.assertEqual(json.loads(self.text("/orders")), [["apples", 5], ["pears", 7]])

    def test_loads_by_itself_what_is_used(self):
        self.assertEqual(self.text("/report"), "February: 29 days")

    def test_exports_by_a_file_that_only_the_caller_names(self):
        self.assertEqual(self.text("/export/csv_rows"), "pears,7\napples,5\n")

    def test_the_zone_of_the_environment(self):
        with self.containers.start(env=["TZ=Asia/Tokyo"]) as running:
            self.assertEqual(self.text("/local", running=running), "21:00 JST")

    def test_knows_encodings(self):
        self.assertEqual(self.post("/recode/shift_jis", SHIFT_JIS), TEST_TEXT)
        self.assertEqual(self.post("/recode/iso-8859-15", EURO), "10 \u20ac")

    def test_parses_xml(self):
        self.assertEqual(self.post("/titles", FEED), "Apples & plums")

    def test_verifies_certificates(self):
        self.assertEqual(self.text("/secure"), "hello, refused")

    def test_digests_and_packs(self):
        self.assertRegex(self.text("/digests"), "^[0-9a-f]{8} [0-9a-f]{8}$")
        self.assertEqual(self.text("/pack"), "pears")

    def test_starts_other_programs(self):
        self.assertEqual(self.text("/run"), "cba|42")

    def test_knows_users_and_hosts(self):
        self.assertEqual(self.text("/who"), "app at 127.0.0.1 true")

    def test_reads_its_settings(self):
        self.assertEqual(self.text("/settings"), "Welcome")

    def test_counts_in_decimals(self):
        self.assertEqual(self.text("/price"), "11.89")

    def test_a_page_that_is_not_there(self):
        self.text("/nothing", status=404)

    def test_stops_in_order(self):
        with self.containers.start() as running:
            running.connect(self.port).close()
            running.signal("INT")
            self.assertEqual(running.wait(), 0, running.output())


OF_IMAGE = {"cli": Cli, "alpine": Alpine, "perl": Perl, "ruby": Ruby}
