"""A small shop. Every route imports what it needs when it is called, as applications do to start fast."""

from flask import Flask, Response, jsonify, render_template, request

app = Flask(__name__)


@app.get("/")
def home():
    return render_template("home.html", title="A small shop", goods=["pears", "apples & plums"])


@app.get("/health")
def health():
    return "ok"


@app.get("/orders")
def orders():
    import sqlite3

    with sqlite3.connect(":memory:") as database:
        database.execute("create table orders (name text, pieces integer)")
        database.executemany("insert into orders values (?, ?)", [("pears", 3), ("apples", 5), ("pears", 4)])
        rows = database.execute("select name, sum(pieces) from orders group by name order by name").fetchall()
    return jsonify(rows)


@app.get("/when/<path:zone>")
def when(zone):
    from datetime import datetime, timezone
    from zoneinfo import ZoneInfo

    moment = datetime(2024, 7, 1, 12, tzinfo=timezone.utc)
    return moment.astimezone(ZoneInfo(zone)).strftime("%Y-%m-%d %H:%M %Z")


@app.get("/local")
def local():
    import time

    return time.strftime("%H:%M %Z", time.localtime(1719835200))


@app.get("/secure")
def secure():
    from shop.secure import ask_ourselves

    return ask_ourselves()


@app.get("/price/<amount>")
def price(amount):
    from decimal import ROUND_HALF_EVEN, Decimal

    return str((Decimal(amount) * Decimal("1.19")).quantize(Decimal("0.01"), ROUND_HALF_EVEN))


@app.post("/feed")
def feed():
    from xml.etree import ElementTree

    return jsonify([entry.findtext("title") for entry in ElementTree.fromstring(request.get_data()).iter("entry")])


@app.get("/export/<form>")
def export(form):
    import importlib

    module = importlib.import_module("shop.exports." + form)  # which one, only the caller knows
    return Response(module.write([("pears", 7), ("apples", 5)]), mimetype=module.MIME)


@app.get("/report")
def report():
    from shop import reports

    return reports.monthly()


@app.get("/pack/<method>")
def pack(method):
    import importlib

    packer = {"gz": "gzip", "bz2": "bz2", "xz": "lzma"}[method]
    module = importlib.import_module(packer)
    return str(module.decompress(module.compress(b"pears " * 100))[:11], "ascii")


@app.post("/recode/<charset>")
def recode(charset):
    return request.get_data().decode(charset)


@app.get("/run")
def run():
    import os
    import subprocess

    sorted_names = subprocess.run(["sort", "-r"], input="a\nc\nb\n", capture_output=True, text=True, check=True).stdout
    return "%s|%s" % ("".join(sorted_names.split()), os.popen("echo $((6 * 7))").read().strip())


@app.get("/who")
def who():
    import getpass
    import socket

    address = socket.getaddrinfo("localhost", 80, family=socket.AF_INET, type=socket.SOCK_STREAM)[0][4][0]
    return "%s at %s" % (getpass.getuser(), address)


@app.get("/digests")
def digests():
    import hashlib

    return " ".join(hashlib.new(name, b"pears").hexdigest()[:8] for name in ("md5", "sha3_256", "blake2b", "sha512_256"))


@app.get("/versions")
def versions():
    from importlib.metadata import entry_points, version

    scripts = sorted(entry.name for entry in entry_points(group="console_scripts"))
    return "%s %s" % (version("flask").split(".")[0], ",".join(scripts))


@app.get("/workers")
def workers():
    from concurrent.futures import ProcessPoolExecutor

    with ProcessPoolExecutor(2) as pool:
        return str(sum(pool.map(abs, range(-5, 5))))


@app.get("/mail")
def mail():
    from email import message_from_string
    from email.header import decode_header, make_header

    letter = message_from_string("Subject: =?iso-8859-1?q?Bl=E4tter?=\n\nbody\n")
    return str(make_header(decode_header(letter["Subject"])))


@app.get("/broken")
def broken():
    raise RuntimeError("a route that fails")
