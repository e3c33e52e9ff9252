#!/usr/bin/python3
"""What differs from run to run is no difference, and what is wrong is one, however small: each 20 times. The program is
tests/system/clerk.c, which prints times, process ids, random ids and hash tables, and is made subtly wrong by a file."""

from clerk import make_image, make_program
from slim_program import SystemTest, main, slim

TRIES = 20


class Noise(SystemTest):
    def setUp(self):
        super().setUp()
        self.program = self.path("clerk")
        make_program(self.program)

    def image(self, name, **changes):
        return make_image(self.path(name), self.program, **changes)

    def tries(self, original, other, command, status):
        """The verdicts of verifying 20 times."""
        verdicts = []
        for _ in range(TRIES):
            finished = slim("verify", original, other, "--entrypoint", "/bin/clerk", "--cmd", command, "--format", "json")
            self.assert_status(finished, status)
            verdicts.append(finished.json()["verdict"])
        return verdicts

    def assert_wrong(self, command, what, failure, **changes):
        verdicts = self.tries(self.image("right"), self.image("wrong", **changes), command, 1)
        self.assertEqual([verdict["result"] for verdict in verdicts], ["different"] * TRIES)
        for verdict in verdicts:
            found = {difference["what"]: difference["class"] for difference in verdict["differences"]}
            self.assertEqual(found.get(what), failure, verdict["differences"])

    def test_times_ids_and_the_order_of_hash_tables_are_noise(self):
        image = self.image("image")
        for verdict in self.tries(image, image, "report", 0):
            self.assertEqual(verdict["result"], "same", verdict["reason"])
            self.assertEqual(verdict["probes"][0]["noise"], ["stdout"])

    def test_answers_that_hold_random_ids_are_noise(self):
        image = self.image("image")
        for verdict in self.tries(image, image, "serve", 0):
            self.assertEqual(verdict["result"], "same", verdict["reason"])
            self.assertIn("GET / on port 8080: body", verdict["probes"][0]["noise"])

    def test_another_locale_is_found(self):
        self.assert_wrong("report", "stdout", "answers-differently", point=",")

    def test_a_time_zone_that_is_silently_wrong_is_found(self):
        self.assert_wrong("report", "stdout", "answers-differently", zone="UTC0")

    def test_another_exit_status_is_found(self):
        self.assert_wrong("report", "exit status", "ends-differently", exit="1")

    def test_one_header_less_is_found(self):
        self.assert_wrong("serve", "GET / on port 8080: header X-Frame-Options", "answers-differently", header="0")

    def test_a_route_that_fails_is_found(self):
        self.assert_wrong("serve", "GET /health on port 8080: status", "answers-differently", health="404 Not Found")

    def test_a_process_that_nobody_waits_for_is_found(self):
        self.assert_wrong("serve", "processes before the stop signal", "ends-differently", zombie="1")


if __name__ == "__main__":
    main()
