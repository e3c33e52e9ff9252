"""What the functions of all images are written with."""

import http.client
import unittest


class Functions(unittest.TestCase):
    """`containers` is set by whoever runs the class: a SlimContainers or a DockerContainers."""

    containers = None
    maxDiff = 4000

    def run_image(self, *arguments, status=0, **options):
        """What the image said and how it ended; it had to end with this status."""
        finished = self.containers.run(*arguments, **options)
        self.assertEqual(finished.status, status, str(finished))
        return finished

    def said(self, *arguments, **options):
        return self.run_image(*arguments, **options).out


class Server(Functions):
    """One container for all tests of the class."""

    port = 0
    arguments = ()
    started = None  # what the program prints once it serves; without it, an open port tells

    @classmethod
    def setUpClass(cls):
        cls.running = cls.enterClassContext(cls.containers.start(*cls.arguments))

    def assert_stops(self, status=0):
        """The stop signal of the image ends a container that is ready, in order."""
        with self.containers.start() as running:
            if self.started is None:
                running.connect(self.port).close()
            else:
                running.wait_for(self.started)
            self.assertEqual(running.stop(), status, running.output())
            return running.output()


class HttpServer(Server):
    """An answer is (status, headers, body)."""

    port = 80

    def ask(self, path, method="GET", body=None, headers=None, running=None, port=None):
        connection = http.client.HTTPConnection("localhost")
        connection.sock = (running or self.running).connect(port or self.port)
        try:
            connection.request(method, path, body=body, headers=headers or {})
            response = connection.getresponse()
            return response.status, response.headers, response.read()
        finally:
            connection.close()

    def text(self, path, status=200, **options):
        """The body of a page, as text."""
        answered, _, body = self.ask(path, **options)
        text = body.decode()
        self.assertEqual(answered, status, "%s: %s\n%s" % (path, text[:2000], (options.get("running") or self.running).output()[-2000:]))
        return text

    def post(self, path, body, kind="application/octet-stream", **options):
        return self.text(path, method="POST", body=body, headers={"Content-Type": kind}, **options)


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


FEED = b"<feed><entry><title>Pears</title></entry><entry><title>Apples &amp; plums</title></entry></feed>"
EURO = "10 \u20ac".encode("iso-8859-15")
TEST_TEXT = "\u30c6\u30b9\u30c8"  # katakana: tesuto
SHIFT_JIS = TEST_TEXT.encode("shift_jis")
