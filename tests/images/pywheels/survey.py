#!/usr/bin/env python3
"""survey.py COMMAND: each command imports what it needs."""

import sys


def summary():
    import numpy

    values = numpy.loadtxt("/app/values.csv", delimiter=",", skiprows=1)
    print("rows %d, mean %.2f" % (len(values), values[:, 1].mean()))


def solve():
    import numpy

    print("%.1f %.1f" % tuple(numpy.linalg.solve([[3, 1], [1, 2]], [9, 8])))


def spectrum():
    from numpy import fft

    print(" ".join("%d" % round(abs(value)) for value in fft.rfft([1, 0, 0, 0])))


def draws():
    from numpy.random import default_rng

    print(default_rng(7).integers(0, 100, 4).tolist())


def polynomial():
    from numpy.polynomial import Polynomial

    print(" ".join("%.1f" % abs(root) for root in Polynomial([-6, 1, 1]).roots()))


def encrypt():
    from cryptography.fernet import Fernet

    box = Fernet(Fernet.generate_key())
    print(box.decrypt(box.encrypt(b"pears")).decode())


def certificate():
    from cryptography import x509

    with open("/srv/tls/cert.pem", "rb") as file:
        read = x509.load_pem_x509_certificate(file.read())
    print(read.subject.rfc4514_string(), read.issuer.rfc4514_string())


def sign():
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    key = Ed25519PrivateKey.generate()
    key.public_key().verify(key.sign(b"pears"), b"pears")
    print("signed")


def picture(form):
    import io

    from PIL import Image, ImageDraw, ImageFont

    image = Image.new("RGB", (64, 32), "white")
    ImageDraw.Draw(image).text((2, 2), "pears", fill="black", font=ImageFont.load_default(14))
    out = io.BytesIO()
    image.save(out, form)
    again = Image.open(io.BytesIO(out.getvalue()))
    again.load()
    print(again.format, again.size, "dark" if min(again.convert("L").getdata()) < 100 else "blank")


def secure():
    import http.server
    import ssl
    import threading

    import requests

    server = http.server.HTTPServer(("127.0.0.1", 0), http.server.SimpleHTTPRequestHandler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain("/srv/tls/cert.pem", "/srv/tls/key.pem")
    server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    address = "https://localhost:%d/values.csv" % server.server_port
    print(requests.get(address, verify="/etc/ssl/certs/ca-certificates.crt").status_code)
    try:
        requests.get(address)  # by certifi's list, which does not have our authority
    except requests.exceptions.SSLError:
        print("refused")


def zones():
    import datetime
    import zoneinfo

    print(datetime.datetime(2024, 7, 1, 12, tzinfo=datetime.timezone.utc).astimezone(zoneinfo.ZoneInfo("Asia/Kolkata")))


def checks():
    import numpy.testing

    numpy.testing.assert_allclose([1.0, 2.0], [1.0, 2.0 + 1e-12], rtol=1e-9)
    print("close")


def recode(charset):
    print(bytes.fromhex("83658358 8367").decode(charset))


def versions():
    from importlib.metadata import version

    print(" ".join(version(name) for name in ("numpy", "cryptography", "pillow", "requests", "certifi")))


if __name__ == "__main__":
    globals()[sys.argv[1]](*sys.argv[2:])
