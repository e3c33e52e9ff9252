"""A conversation over TLS, with a server that the system's trust store vouches for, and with a stranger to it."""

import socket
import ssl
import threading


def serve(listener, context):
    for _ in range(2):
        connection, _ = listener.accept()
        try:
            with context.wrap_socket(connection, server_side=True) as secured:
                secured.sendall(b"hello")
        except ssl.SSLError:
            pass  # the client did not trust us


def ask(port, context):
    with socket.create_connection(("localhost", port)) as plain:
        with context.wrap_socket(plain, server_hostname="localhost") as secured:
            return secured.recv(100).decode()


def ask_ourselves():
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain("/srv/tls/cert.pem", "/srv/tls/key.pem")
    listener = socket.create_server(("127.0.0.1", 0))
    server = threading.Thread(target=serve, args=(listener, context), daemon=True)
    server.start()
    port = listener.getsockname()[1]
    answer = ask(port, ssl.create_default_context())
    try:
        ask(port, ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT))  # trusts nobody
    except ssl.SSLCertVerificationError:
        answer += ", and a stranger is refused"
    listener.close()
    return answer
