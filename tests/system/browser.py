"""A headless Chromium for the tests of the HTML report, spoken to through its DevTools protocol over a pipe (no port, no
driver): https://chromedevtools.github.io/devtools-protocol/"""

import base64
import json
import os
import select
import shutil
import signal
import subprocess
import tempfile
import time
import unittest

PROGRAMS = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
KEYS = {"Enter": ("Enter", 13, "\r"), "Escape": ("Escape", 27, None), "Tab": ("Tab", 9, None), "End": ("End", 35, None),
        "Home": ("Home", 36, None), "ArrowLeft": ("ArrowLeft", 37, None), "ArrowUp": ("ArrowUp", 38, None),
        "ArrowRight": ("ArrowRight", 39, None), "ArrowDown": ("ArrowDown", 40, None), "PageDown": ("PageDown", 34, None)}


class Browser:
    """One page of one browser. `problems` are console errors, exceptions and refused loads since it was opened."""

    def __init__(self, patience=60):
        program = next(filter(None, map(shutil.which, PROGRAMS)), None)
        if program is None:
            raise unittest.SkipTest("no Chromium is installed (Debian: chromium-headless-shell)")
        self.patience, self.problems, self.requests, self.number = patience, [], [], 0
        self.answers, self.rest = {}, b""
        self.profile = tempfile.mkdtemp(prefix="slim-browser.")
        their_in, self.out = os.pipe()
        self.inp, their_out = os.pipe()
        options = ["--headless", "--remote-debugging-pipe", "--user-data-dir=" + self.profile, "--disable-gpu", "--disable-dev-shm-usage",
                   "--no-first-run", "--disable-background-networking", "--force-color-profile=srgb", "--hide-scrollbars"]
        if os.geteuid() == 0:
            options.append("--no-sandbox")  # its sandbox refuses root; the page is a file that slim has just written
        # It reads descriptor 3 and writes descriptor 4.
        command = 'exec 3<&"$1" 4>&"$2"; shift 2; exec "$@" about:blank'
        self.process = subprocess.Popen(["bash", "-c", command, "bash", str(their_in), str(their_out), program, *options],
                                        pass_fds=(their_in, their_out), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                        stderr=subprocess.DEVNULL, start_new_session=True)
        os.close(their_in)
        os.close(their_out)
        self.session = None
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self.session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(domain + ".enable")

    def close(self):
        os.close(self.out)
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
        os.close(self.inp)
        shutil.rmtree(self.profile, ignore_errors=True)

    def call(self, method, **parameters):
        self.number += 1
        message = {"id": self.number, "method": method, "params": parameters}
        if self.session:
            message["sessionId"] = self.session
        data = json.dumps(message).encode() + b"\0"
        while data:
            data = data[os.write(self.out, data):]
        end = time.monotonic() + self.patience
        while self.number not in self.answers:
            self.receive(end - time.monotonic(), method)
        answer = self.answers.pop(self.number)
        if "error" in answer:
            raise AssertionError("%s: %s" % (method, answer["error"]))
        return answer["result"]

    def receive(self, seconds, what):
        ready, _, _ = select.select([self.inp], [], [], max(0, seconds))
        block = os.read(self.inp, 1 << 20) if ready else b""
        if not block:
            raise AssertionError("the browser %s: %s" % ("has ended" if ready else "does not answer", what))
        *messages, self.rest = (self.rest + block).split(b"\0")
        for message in map(json.loads, messages):
            if "id" in message:
                self.answers[message["id"]] = message
            else:
                self.note(message["method"], message["params"])

    def note(self, event, told):
        if event == "Runtime.exceptionThrown":
            details = told["exceptionDetails"]
            self.problems.append(details.get("exception", {}).get("description") or details["text"])
        elif event == "Runtime.consoleAPICalled" and told["type"] in ("error", "warning", "assert"):
            self.problems.append("console: %s" % [argument.get("value") for argument in told["args"]])
        elif event == "Log.entryAdded" and told["entry"]["level"] in ("error", "warning"):
            self.problems.append("log: %s" % told["entry"]["text"])
        elif event == "Network.requestWillBeSent":
            self.requests.append(told["request"]["url"])

    def evaluate(self, expression):
        """The value of a JavaScript expression; a promise is waited for."""
        result = self.call("Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True)
        if "exceptionDetails" in result:
            details = result["exceptionDetails"]
            raise AssertionError("%s\n%s" % (expression, details.get("exception", {}).get("description", details["text"])))
        return result["result"].get("value")

    def open(self, path):
        """Opens a report and waits until it says that all of it works. Returns after how many milliseconds."""
        self.problems, self.requests = [], []
        self.call("Page.navigate", url="file://" + path)
        self.wait("document.documentElement?.dataset.ready")
        return int(self.evaluate("document.documentElement.dataset.ready"))

    def wait(self, expression):
        end = time.monotonic() + self.patience
        while not self.evaluate("Boolean(%s)" % expression):
            if time.monotonic() > end or (self.problems and expression.endswith("dataset.ready")):
                raise AssertionError("waited in vain for %s; problems: %s" % (expression, self.problems))
            time.sleep(0.05)

    def view(self, width, height, dark=False):
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=width < 600)
        self.call("Emulation.setEmulatedMedia", features=[
            {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}, {"name": "prefers-reduced-motion", "value": "reduce"}])
        self.settle()

    def settle(self):
        """Until what was changed is drawn."""
        self.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done, 0))))")

    def press(self, *keys):
        for key in keys:
            code, number, text = KEYS.get(key, (key, ord(key[0].upper()), key))
            self.call("Input.dispatchKeyEvent", type="keyDown", key=key, code=code, windowsVirtualKeyCode=number,
                      **({"text": text} if text else {}))
            self.call("Input.dispatchKeyEvent", type="keyUp", key=key, code=code, windowsVirtualKeyCode=number)
        self.settle()

    def type(self, text):
        self.call("Input.insertText", text=text)
        self.settle()

    def screenshot(self, path, whole=False, quality=None):
        kind = {"format": "webp", "quality": quality} if path.endswith(".webp") else {"format": "png"}
        self.settle()
        data = self.call("Page.captureScreenshot", captureBeyondViewport=whole, **kind)["data"]
        with open(path, "wb") as file:
            file.write(base64.b64decode(data))
