"""Functions of the images whose programs are compiled."""

import json

from .base import Functions, HttpServer
from .scripts import file_of


class Plugin(Functions):
    def test_all_four_ways(self):
        self.assertEqual(self.said().splitlines(),
                         ["plugin: A PLUG-IN SPEAKS", "address: 127.0.0.1", "charset: 10 \u20ac", "numbers: 1.234.567,89"])

    def test_the_c_locale_as_well(self):
        self.assertIn("numbers: 1234567.89", self.said(env=["LC_ALL=C"]))

    def test_a_second_plugin_whose_name_is_made_at_run_time(self):
        self.assertEqual(self.said("plugin", "reverse"), "plugin: skaeps ni-gulp A\n")
        self.assertEqual(self.said("plugin", "whisper"), "plugin: a plug-in speaks\n")

    def test_a_plugin_that_is_not_there(self):
        self.assertIn("cannot open shared object file", self.run_image("plugin", "nothing", status=1).err)

    def test_other_charsets(self):
        for charset, text, answer in (("EUC-JP", b"\xc6\xfc\xcb\xdc", "\u65e5\u672c"), ("KOI8-R", b"\xe4\xc1", "\u0414\u0430"),
                                      ("CP437", b"\x84", "\u00e4")):
            self.assertEqual(self.said("charset", charset, text.hex()), "charset: %s\n" % answer)

    def test_days_in_the_locale_and_the_zone(self):
        self.assertEqual(self.said("day", env=["TZ=Asia/Tokyo"]), "day: Montag 21:00 JST\n")
        self.assertEqual(self.said("day", env=["TZ=America/New_York", "LC_ALL=C"]), "day: Monday 08:00 EDT\n")

    def test_order_and_letters(self):
        self.assertEqual(self.said("order"), "order: before letter\n")

    def test_a_locale_that_is_not_there(self):
        self.assertIn("no such locale", self.run_image("order", env=["LC_ALL=fr_FR.UTF-8"], status=8).err)

    def test_the_other_name_of_the_machine(self):
        self.assertEqual(self.said("address", "127.0.0.1"), "address: 127.0.0.1\n")

    def test_a_name_that_nobody_knows(self):
        self.run_image("address", "nothing.invalid", status=2)

    def test_users_and_groups(self):
        self.assertEqual(self.said("user", "www-data"), "user: 33 www-data\n")
        self.run_image("user", "mallory", status=16)

    def test_a_shell(self):
        self.assertEqual(self.said("shell", "echo $((6 * 7))"), "shell: 42\n")


class Static(Functions):
    def test_greets_with_the_file_of_the_upper_layer(self):
        self.assertEqual(self.said(), "Good evening.\narguments 1, user 1000\none\n")

    def test_takes_arguments(self):
        self.assertTrue(self.said("a", "b").endswith("arguments 2, user 1000\na\nb\n"))


class Musl(Functions):
    def test_counts(self):
        self.assertEqual(self.said(), "4 times l in: musl is a small libc\n")

    def test_takes_arguments(self):
        self.assertEqual(self.said("hello world"), "3 times l in: hello world\n")


class Go(HttpServer):
    port = 8080

    def test_serves_its_page(self):
        status, headers, body = self.ask("/")
        self.assertEqual((status, headers["Content-Type"]), (200, "text/html; charset=utf-8"))
        self.assertIn(b"Served by Go", body)

    def test_serves_other_files(self):
        status, headers, body = self.ask("/data.json")
        self.assertEqual((status, headers["Content-Type"], body), (200, "application/json", b'{"served": true}\n'))
        self.text("/nothing", status=404)

    def test_reads_its_settings(self):
        self.assertEqual(self.text("/do/greeting"), "Welcome")

    def test_knows_time_zones(self):
        self.assertEqual(self.text("/do/when/Asia/Tokyo"), "2024-07-01 21:00 JST")

    def test_the_zone_of_the_environment(self):
        with self.containers.start(env=["TZ=Asia/Kathmandu"]) as running:
            self.assertEqual(self.text("/do/local", running=running), "17:45 +0545")

    def test_renders_a_template(self):
        self.assertEqual(self.text("/do/page"), "<ul><li>pears</li><li>apples &amp; plums</li></ul>")

    def test_knows_users_and_hosts(self):
        self.assertEqual(self.text("/do/who"), "shop the shop true")

    def test_uses_temporary_files(self):
        self.assertEqual(self.text("/do/temporary"), "/tmp/")

    def test_finds_no_shell(self):
        self.assertEqual(self.text("/do/run"), "no shell: true")

    def test_packs(self):
        self.assertEqual(self.text("/do/pack/pears"), "pears")

    def test_verifies_certificates(self):
        self.assertEqual(json.loads(self.text("/do/secure")), {"served": True})

    def test_another_configuration(self):
        settings = file_of(self, b'{"greeting": "Willkommen", "listen": ":9000"}')
        with self.containers.start(env=["SHOP_SETTINGS=/other.json"], mounts=[(settings, "/other.json")]) as running:
            self.assertEqual(self.text("/do/greeting", running=running, port=9000), "Willkommen")

    def test_stops_in_order(self):
        self.assertIn("stopped", self.assert_stops())


class Rust(HttpServer):
    port = 8080

    def test_serves_its_page(self):
        self.assertIn("Served by Rust", self.text("/"))

    def test_reads_its_settings(self):
        self.assertEqual(self.text("/greeting"), "Welcome")

    def test_the_time_is_universal_where_nothing_is_said(self):
        self.assertEqual(self.text("/local"), "12:00 +0000")

    def test_the_zone_of_the_environment(self):
        with self.containers.start(env=["TZ=Asia/Kathmandu"]) as running:
            self.assertEqual(self.text("/local", running=running), "17:45 +0545")

    def test_resolves_names(self):
        self.assertEqual(self.text("/who"), "127.0.0.1 in /")

    def test_starts_other_programs(self):
        self.assertEqual(self.text("/run"), "52")

    def test_verifies_certificates(self):
        self.assertEqual(self.text("/secure"), "hello, a stranger is refused")

    def test_knows_users(self):
        self.assertEqual(self.text("/names"), "app")

    def test_what_is_not_there(self):
        self.text("/nothing", status=500)

    def test_another_configuration(self):
        settings = file_of(self, b'greeting = "Willkommen"\nport = 9000\n')
        with self.containers.start(env=["SHOP_SETTINGS=/other.toml"], mounts=[(settings, "/other.toml")]) as running:
            self.assertEqual(self.text("/greeting", running=running, port=9000), "Willkommen")

    def test_a_configuration_that_is_not_there(self):
        self.assertIn("No such file", self.run_image(env=["SHOP_SETTINGS=/nothing"], status=3).err)

    def test_reloads(self):
        with self.containers.start() as running:
            self.text("/", running=running)
            running.signal("HUP")
            running.wait_for("reloaded: Welcome")

    def test_stops_in_order(self):
        self.assert_stops()


OF_IMAGE = {"plugin": Plugin, "static": Static, "musl": Musl, "go": Go, "rust": Rust}
