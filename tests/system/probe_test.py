#!/usr/bin/python3
"""Probes on real images: files of probes in YAML and JSON, one-liners, services beside the image, pages that links
lead to, and what a probe that fails on either side says."""

import json

from slim_program import SystemTest, main, original_of, slim

NGINX = """
probes:
  - name: site
    ready: { tcp: 80, within: 30s }
    steps:
      - http: { path: /, expect: { status: 200, headers: { Content-Type: text/html } } }
      - http: { path: /no/such/page, expect: 404 }
      - exec: [nginx, -t]
      - exec: { command: nginx -v 2>&1 | grep -c nginx, expect: { exit: 0, stdout: { equals: '1' } } }
      - read: { path: /etc/nginx/nginx.conf, expect: worker_processes }
      - write: { path: /var/www/html/new.txt, content: "written\\n" }
      - http: { path: /new.txt, expect: { body: { equals: written } } }
      - signal: HUP
      - http: { path: /new.txt, headers: { Range: bytes=0-2 }, expect: { status: 206, body: { equals: wri } } }
    ignore: [ 'Last-Modified: .*', 'ETag: .*' ]
  - name: quits
    steps:
      - signal: { name: QUIT, exit: 0 }
"""

REDIS = {"probes": [{"name": "cache", "ready": {"log": "Ready to accept connections"}, "steps": [
    {"tcp": {"port": 6379, "send": "SET a 1\r\nGET a\r\n", "expect": {"matches": "\\+OK\r\n\\$1\r\n1\r\n"}}},
    {"exec": ["redis-cli", "get", "a"]},
    {"exec": {"command": ["redis-cli", "lpush", "list", "x"], "expect": {"exit": 0, "stdout": "1"}}}]}]}

PING = r"exec 3<>/dev/tcp/cache/6379; printf 'PING\r\n' >&3; read -r line <&3; echo got $line"


class Probes(SystemTest):
    def file(self, name, content):
        with open(self.path(name), "w", encoding="utf-8") as file:
            file.write(content)
        return self.path(name)

    def verify(self, image, *arguments, status=0, slimmed=None):
        image = "docker-archive:" + original_of(image)
        finished = slim("verify", image, slimmed or image, "--format", "json", *arguments)
        self.assert_status(finished, status)
        report = finished.json()
        return report.get("verdict", report)

    def test_every_kind_of_step_on_nginx(self):
        verdict = self.verify("nginx", "--probe", self.file("nginx.yaml", NGINX))
        self.assertEqual([probe["name"] for probe in verdict["probes"]], ["site", "quits"])
        self.assertIn("GET /new.txt: 200 OK", verdict["probes"][0]["summary"])
        self.assertIn("signal SIGQUIT: exit 0", verdict["probes"][1]["summary"])

    def test_json_tcp_and_exec_on_redis(self):
        verdict = self.verify("redis", "--probe", self.file("redis.json", json.dumps(REDIS, indent="\t")))
        self.assertIn("tcp on port 6379: +OK", verdict["probes"][0]["summary"])

    def test_a_probe_that_fails_on_the_original_proves_nothing(self):
        wrong = self.file("wrong.yaml", NGINX.replace("expect: 404", "expect: 200"))
        verdict = self.verify("nginx", "--probe", wrong, status=1)
        self.assertEqual(verdict["result"], "inconclusive")
        self.assertIn("wrong.yaml:7: GET /no/such/page: expected status 200, found 404", json.dumps(verdict))

    def test_what_is_wrong_with_a_probe_file_is_bad_input(self):
        image = original_of("nginx")
        finished = slim("verify", image, image, "--probe", self.file("bad.yaml", NGINX.replace("signal:", "singal:")))
        self.assert_status(finished, 3)
        self.assertIn("bad.yaml: line 13: probes[0].steps[7].singal: unknown key", finished.err)
        self.assertIn("did you mean signal?", finished.err)
        self.assert_status(slim("verify", image, image, "--probe", self.path("none.yaml")), 3)
        self.assert_status(slim("verify", image, image, "--http", "no path"), 2)
        self.assert_status(slim("verify", image, image, "--exec", "'open"), 2)

    def test_one_liners_share_a_probe_and_decide_what_is_kept(self):
        image = "docker-archive:" + original_of("nginx")
        slimmed = "docker-archive:" + self.path("slimmed.tar")
        built = slim("build", image, "-o", slimmed, "--http", "/", "--http", "HEAD:/", "--exec", "id -u", "--format",
                     "json")
        self.assert_status(built, 0)
        probes = built.json()["verdict"]["probes"]
        self.assertEqual([probe["name"] for probe in probes], ["command line"])
        # nothing but the probe wants this program
        self.assertEqual(slim("run", slimmed, "--entrypoint", "id", "--", "-u").out, "0\n")
        plain = "docker-archive:" + self.path("plain.tar")
        self.assert_status(slim("build", image, "-o", plain), 0)
        self.assertEqual(slim("run", plain, "--entrypoint", "id", "--", "-u").status, 127)
        verdict = self.verify("nginx", "--exec", "id -u", status=1, slimmed=plain)
        self.assertEqual(verdict["result"], "different")
        self.assertIn("/usr/bin/id", json.dumps(verdict))

    def test_a_command_of_an_image_that_ends_by_itself(self):
        verdict = self.verify("cli", "--exec", "date --date @0 -u +%Y")
        self.assertIn("exec date --date @0 -u +%Y: exit 0: 1970", verdict["probes"][0]["summary"])

    def test_links_are_followed_without_a_probe(self):
        verdict = self.verify("nginx")
        self.assertRegex(verdict["probes"][0]["summary"], r"port 80: GET / 200 and \d+ pages? more")

    def test_a_healthcheck_is_run_without_a_probe(self):
        self.assertIn("healthcheck exit 0", self.verify("redis")["probes"][0]["summary"])

    def test_a_service_is_reached_by_its_name(self):
        original_of("redis")
        probe = {"probes": [{"name": "asks its cache", "entrypoint": ["bash"], "cmd": ["-c", PING],
                             "expect": {"exit": 0, "stdout": {"equals": "got +PONG\r"}}}],
                 "services": [{"name": "cache", "image": original_of("redis"), "ready": {"tcp": 6379}}]}
        verdict = self.verify("cli", "--probe", self.file("services.json", json.dumps(probe)))
        self.assertEqual(verdict["result"], "same")

    def test_an_application_and_its_postgresql(self):
        original_of("postgres")
        probe = """
probes:
  - name: a client
    entrypoint: [psql]
    cmd: [-h, db, -U, postgres, -Atc, 'select 6 * 7']
    env: { PGPASSWORD: example }
    expect: { exit: 0, stdout: { equals: '42' } }
services:
  - name: db
    image: docker-archive:%s
    ready: { tcp: 5432, log: 'ready to accept connections', within: 50s }
""" % original_of("postgres")
        verdict = self.verify("postgres", "--probe", self.file("postgres.yaml", probe))
        self.assertEqual(verdict["result"], "same")

    def test_a_service_that_does_not_get_ready_is_said(self):
        image = original_of("redis")
        probe = {"probes": [{"steps": [{"exec": ["true"]}]}],
                 "services": [{"name": "broken", "image": image, "cmd": ["redis-server", "--no-such-option", "x"],
                               "ready": {"tcp": 6379}}]}
        finished = slim("verify", image, image, "--probe", self.file("broken.json", json.dumps(probe)))
        self.assert_status(finished, 3)
        self.assertIn("service broken: it ended before it was ready: port 6379 did not come", finished.err)

    def test_a_trace_has_what_every_probe_touches(self):
        finished = slim("trace", "docker-archive:" + original_of("nginx"), "-o", self.path("trace.json"), "--http", "/",
                        "--exec", "id -u")
        self.assert_status(finished, 0)
        with open(self.path("trace.json"), encoding="utf-8") as file:
            self.assertIn("/usr/bin/id", file.read())


if __name__ == "__main__":
    main()
