#!/usr/bin/python3
"""What `slim analyze` finds in an image that has every fault at once, and that it prints no secret."""

import io
import random
import string
import tarfile

from layouts import Layout
from slim_program import SystemTest, main, slim

random.seed(7)
BODY = "".join(random.choices(string.ascii_letters + string.digits, k=64))
KEY = "-----BEGIN PRIVATE KEY-----\n%s\n-----END PRIVATE KEY-----\n" % BODY
TOKEN = "ghp" + "_" + "".join(random.choices(string.ascii_letters + string.digits, k=36))
PASSWORD = "correct-horse-battery"


def layer(*members):
    """Of (name, content, mode) or (name, None, mode), a folder."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for name, content, mode in members:
            made = tarfile.TarInfo(name)
            made.mode = mode
            if content is None:
                made.type = tarfile.DIRTYPE
                tar.addfile(made)
            else:
                made.size = len(content)
                tar.addfile(made, io.BytesIO(content.encode()))
    return buffer.getvalue()


class Findings(SystemTest):
    def setUp(self):
        super().setUp()
        base = layer(("srv/tls.key", KEY, 0o600), ("root/.ssh/id_ed25519", KEY, 0o600),
                     ("usr/share/doc/tls/examples/key.pem", KEY, 0o644), ("app/node_modules/a/test/k.pem", KEY, 0o644),
                     ("app/settings.py", "TOKEN = '%s'\n" % TOKEN, 0o644), ("app/.env", "DB_PASSWORD=%s\n" % PASSWORD, 0o644),
                     ("app/cert.pem", KEY.replace("PRIVATE KEY", "CERTIFICATE"), 0o644),
                     ("var/lib/apt/lists/x_Packages", "x" * 100_000, 0o644), ("usr/bin/su", "su", 0o4755),
                     ("app/once", "y" * 100_000, 0o644), ("app/twice", "y" * 100_000, 0o644),
                     ("var/open", None, 0o777), ("etc/shadow", "root::1:0:99999:7:::\n", 0o640))
        top = layer(("root/.ssh/.wh.id_ed25519", "", 0o644), ("app/once", "y" * 100_000, 0o755))
        layout = Layout(self.path("faulty"))
        config = {"Entrypoint": ["/app/start"], "Env": ["API_TOKEN=" + PASSWORD], "Cmd": ["run"]}
        self.reference = layout.write_index(layout.add_image([base, top], config))

    def test_every_fault_has_its_id_and_place(self):
        finished = slim("analyze", self.reference, "--format", "json")
        self.assert_status(finished, 0)
        found = {(each["severity"], each["id"], each["path"], each["layer"], each["count"], each["bytes"])
                 for each in finished.json()["findings"]}
        self.assertEqual(found, {
            ("high", "private-key", "/srv/tls.key", 0, 1, 0),
            ("high", "hidden-secret", "/root/.ssh/id_ed25519", 0, 1, len(KEY)),
            ("high", "secret", "/app/settings.py", 0, 1, 0),
            ("high", "empty-password", "/etc/shadow", 0, 1, 0),
            ("high", "entrypoint-missing", "", None, 1, 0),
            ("medium", "secret", "/app/.env", 0, 1, 0),
            ("medium", "secret", "", None, 1, 0),
            ("medium", "setuid", "/usr/bin/su", 0, 1, 0),
            ("medium", "world-writable", "/var/open", 0, 1, 0),
            ("low", "package-cache", "/var/lib/apt/lists/x_Packages", 0, 1, 100_000),
            ("low", "deleted-but-shipped", "/app/once", 0, 2, 100_000 + len(KEY)),
            ("low", "metadata-only-change", "/app/once", 1, 1, 100_000),
            ("info", "duplicate", "/app/twice", None, 1, 100_000)})

    def test_what_cannot_start_is_not_sent_to_build(self):
        finished = slim("analyze", self.reference)
        self.assert_status(finished, 0)
        self.assertIn("the entrypoint starts '/app/start', which is not in the image", finished.out.replace("\n         ", " "))
        self.assertIn("next: slim analyze %s --entrypoint PROGRAM" % self.reference, finished.out)

    def test_no_secret_is_printed(self):
        for options in ((), ("--format", "json", "--files"), ("--show-secrets",)):
            finished = slim("analyze", self.reference, *options)
            self.assert_status(finished, 0)
            self.assertNotIn(BODY[:20], finished.out)
            self.assertNotIn(TOKEN[4:20], finished.out)
            if "--show-secrets" not in options:
                self.assertNotIn(PASSWORD, finished.out)


if __name__ == "__main__":
    main()
