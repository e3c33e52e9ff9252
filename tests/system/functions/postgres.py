"""Functions of PostgreSQL, by its own protocol (Frontend/Backend Protocol 3.0), with a password by SCRAM-SHA-256 (RFC 5802)."""

import base64
import hashlib
import hmac
import os
import secrets
import ssl
import struct
import tempfile
import time

from .base import Server
from .scripts import file_of

SSL_REQUEST = struct.pack("!II", 8, 80877103)


class SqlError(Exception):
    pass


class Session:
    """One connection; queries answer with rows of text."""

    def __init__(self, connection, user="postgres", password="example", database="postgres"):
        self.connection = connection
        self.buffer = b""
        words = b"".join(text.encode() + b"\0" for text in ("user", user, "database", database))
        body = struct.pack("!I", 196608) + words + b"\0"
        connection.sendall(struct.pack("!I", len(body) + 4) + body)
        self._log_in(password)

    def _receive(self, count):
        while len(self.buffer) < count:
            block = self.connection.recv(65536)
            if not block:
                raise SqlError("the server closed the connection")
            self.buffer += block
        taken, self.buffer = self.buffer[:count], self.buffer[count:]
        return taken

    def _message(self):
        kind, length = struct.unpack("!cI", self._receive(5))
        body = self._receive(length - 4)
        if kind == b"E":
            fields = {field[:1]: field[1:].decode() for field in body.split(b"\0") if field}
            raise SqlError(fields[b"M"])
        return kind, body

    def _send(self, kind, body):
        self.connection.sendall(kind + struct.pack("!I", len(body) + 4) + body)

    def _log_in(self, password):
        nonce = base64.b64encode(secrets.token_bytes(18)).decode()
        first = "n=,r=" + nonce
        while True:
            kind, body = self._message()
            if kind == b"Z":
                return
            if kind != b"R":
                continue
            step = struct.unpack("!I", body[:4])[0]
            if step == 10:
                start = ("n,," + first).encode()
                self._send(b"p", b"SCRAM-SHA-256\0" + struct.pack("!I", len(start)) + start)
            elif step == 11:
                self._send(b"p", self._proof(password, first, body[4:].decode()).encode())

    @staticmethod
    def _proof(password, first, challenge):
        parts = dict(part.split("=", 1) for part in challenge.split(","))
        salted = hashlib.pbkdf2_hmac("sha256", password.encode(), base64.b64decode(parts["s"]), int(parts["i"]))
        client_key = hmac.digest(salted, b"Client Key", "sha256")
        bare = "c=biws,r=" + parts["r"]
        signature = hmac.digest(hashlib.sha256(client_key).digest(), (first + "," + challenge + "," + bare).encode(), "sha256")
        return bare + ",p=" + base64.b64encode(bytes(a ^ b for a, b in zip(client_key, signature))).decode()

    def query(self, text):
        """The rows of the last statement; every row a list of texts (None: null)."""
        self._send(b"Q", text.encode() + b"\0")
        rows, failure = [], None
        while True:
            try:
                kind, body = self._message()
            except SqlError as error:
                failure = error
                continue
            if kind == b"T":
                rows = []
            elif kind == b"D":
                rows.append(self._row(body))
            elif kind == b"Z":
                if failure:
                    raise failure
                return rows

    @staticmethod
    def _row(body):
        count, place, row = struct.unpack("!H", body[:2])[0], 2, []
        for _ in range(count):
            length = struct.unpack("!i", body[place:place + 4])[0]
            place += 4
            row.append(None if length < 0 else body[place:place + length].decode())
            place += max(length, 0)
        return row

    def close(self):
        self.connection.close()


class Postgres(Server):
    port = 5432
    ready = "listening on IPv4 address"  # of the server that the entrypoint becomes; the one before listens to nobody

    def session(self, running=None, **options):
        running = running or self.running
        running.wait_for(self.ready)
        while True:
            try:
                session = Session(running.connect(self.port), **options)
                break
            except SqlError as failure:
                if "starting up" not in str(failure):  # it listens before it is ready, and says so
                    raise
                time.sleep(0.1)
        self.addCleanup(session.close)
        return session

    def value(self, text, **options):
        return self.session(**options).query(text)[0][0]

    def test_answers(self):
        self.assertRegex(self.value("select version()"), r"^PostgreSQL 15")

    def test_ran_the_scripts_of_its_folder(self):
        rows = self.session(user="shop", password="shop").query("select name from goods order by name collate \"C\"")
        self.assertEqual(rows, [["apples"], ["pears"], ["\u00e4pfel"]])

    def test_refuses_a_wrong_password(self):
        with self.assertRaisesRegex(SqlError, "password authentication failed"):
            self.session(user="shop", password="wrong")

    def test_keeps_tables_and_indexes(self):
        session = self.session()
        session.query("create table kept as select n, md5(n::text) as digest from generate_series(1, 20000) n; "
                      "create index on kept (digest); analyze kept")
        self.assertEqual(session.query("select n from kept where digest = md5('777')"), [["777"]])

    def test_knows_time_zones(self):
        self.assertEqual(self.value("set timezone = 'Asia/Tokyo'; select '2024-07-01 12:00Z'::timestamptz"), "2024-07-01 21:00:00+09")
        self.assertGreater(int(self.value("select count(*) from pg_timezone_names")), 400)
        self.assertEqual(self.value("set timezone_abbreviations = 'Australia'; select '2024-07-01 12:00 EST'::timestamptz at time zone 'UTC'"),
                         "2024-07-01 02:00:00")

    def test_compiles_queries(self):
        session = self.session()
        session.query("set jit = on; set jit_above_cost = 0; set jit_inline_above_cost = 0; set jit_optimize_above_cost = 0")
        plan = "\n".join(row[0] for row in session.query("explain (analyze) select sum(n * 2 + 1) from generate_series(1, 1000) n"))
        self.assertIn("JIT:", plan)
        self.assertIn("Inlining true, Optimization true", plan)

    def test_extensions(self):
        session = self.session()
        for name in ("pgcrypto", "hstore", "pg_trgm", "unaccent", "citext", "uuid-ossp", "postgres_fdw", "tablefunc"):
            session.query('create extension if not exists "%s"' % name)
        self.assertEqual(session.query("select unaccent('\u00e4pfel'), 'a=>1'::hstore -> 'a', similarity('pear', 'pears') > 0.5, "
                                       "encode(digest('pears', 'sha256'), 'hex') = encode(sha256('pears'), 'hex'), "
                                       "crypt('a', gen_salt('bf')) like '$2a$%', length(uuid_generate_v1()::text)"),
                         [["apfel", "1", "t", "t", "t", "36"]])

    def test_another_database_by_a_wrapper(self):
        session = self.session()
        session.query("create schema away; create extension if not exists postgres_fdw; "
                      "create server own foreign data wrapper postgres_fdw options (host 'localhost', dbname 'postgres'); "
                      "create user mapping for postgres server own options (user 'postgres', password 'example'); "
                      "import foreign schema public limit to (goods) from server own into away")
        self.assertEqual(session.query("select count(*) from away.goods"), [["3"]])

    def test_functions_in_its_language(self):
        session = self.session()
        session.query("create function twice(n int) returns int language plpgsql as $$ begin return n * 2; end $$")
        self.assertEqual(session.query("select twice(21)"), [["42"]])

    def test_searches_text(self):
        self.assertEqual(self.value("select to_tsvector('german', 'die B\u00e4ume') @@ to_tsquery('german', 'Baum')"), "t")
        self.assertEqual(self.value("select to_tsvector('english', 'running quickly')::text"), "'quick':2 'run':1")

    def test_encodings_and_collations(self):
        session = self.session()
        session.query("create database german template template0 locale_provider icu icu_locale 'de' lc_collate 'C.UTF-8' lc_ctype 'C.UTF-8'")
        other = self.session(database="german")
        self.assertEqual(other.query("select 'zebra' > '\u00e4pfel', upper('\u00e4')"), [["t", "\u00c4"]])
        self.assertEqual(session.query("select 'zebra' > '\u00e4pfel' collate \"de-x-icu\""), [["t"]])
        self.assertEqual(session.query("select encode(convert_to('10 \u20ac', 'LATIN9'), 'hex'), convert_from('\\x8365', 'SJIS')"),
                         [["313020a4", "\u30c6"]])

    def test_reads_and_writes_xml_and_json(self):
        self.assertEqual(self.value("select (xpath('/a/b/text()', '<a><b>pears</b></a>'::xml))[1]"), "pears")
        self.assertEqual(self.value("select jsonb_path_query('{\"a\": [1, 2]}', '$.a[1]')"), "2")

    def test_starts_other_programs(self):
        session = self.session()
        session.query("create table lines (line text)")
        session.query("copy lines from program 'echo $((6 * 7)) | tr 4 5'")
        self.assertEqual(session.query("select line from lines"), [["52"]])

    def test_speaks_tls(self):
        own = ["-c", "ssl=on", "-c", "ssl_cert_file=/srv/tls/cert.pem", "-c", "ssl_key_file=/srv/tls/postgres.pem"]
        with self.containers.start("postgres", *own) as running:
            self.session(running=running)  # it is ready
            plain = running.connect(self.port)
            plain.sendall(SSL_REQUEST)
            self.assertEqual(plain.recv(1), b"S")
            context = ssl.create_default_context()
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
            session = Session(context.wrap_socket(plain))
            self.addCleanup(session.close)
            self.assertEqual(session.query("select ssl from pg_stat_ssl where pid = pg_backend_pid()"), [["t"]])

    def test_dumps_and_restores(self):
        self.running.wait_for(self.ready)
        dump = self.running.exec("psql", "-U", "postgres", "-Atc", "select count(*) from goods")
        self.assertEqual((dump.status, dump.out), (0, "3\n"), str(dump))

    def test_two_containers_have_two_clusters(self):
        with self.containers.start() as other:
            identities = {self.value("select system_identifier from pg_control_system()", running=running)
                          for running in (self.running, other)}
        self.assertEqual(len(identities), 2)

    def test_keeps_its_cluster_over_a_restart(self):
        with tempfile.TemporaryDirectory() as folder:
            os.chmod(folder, 0o777)
            values = []
            for _ in range(2):
                with self.containers.start(mounts=[(folder, "/keep", "rw")], env=["PGDATA=/keep/cluster"]) as running:
                    session = self.session(running=running)
                    session.query("create table if not exists starts (n int); insert into starts values (1)")
                    values.append(session.query("select count(*) from starts")[0][0])
                    session.close()
                    self.assertEqual(running.stop(), 0, running.output())
        self.assertEqual(values, ["1", "2"])

    def test_another_configuration(self):
        settings = file_of(self, b"work_mem = '7MB'\nlog_statement = 'all'\nshared_preload_libraries = 'pg_stat_statements,auto_explain'\n")
        with self.containers.start("-c", "config_file=/other.conf", mounts=[(settings, "/other.conf")]) as running:
            self.assertEqual(self.value("show work_mem", running=running), "7MB")
            self.session(running=running).query("create extension pg_stat_statements; select count(*) from pg_stat_statements")

    def test_other_options_of_a_new_cluster(self):
        with self.containers.start(env=["POSTGRES_INITDB_ARGS=--locale-provider=icu --icu-locale=sv --data-checksums"]) as running:
            self.assertEqual(self.value("show data_checksums", running=running), "on")
            self.assertEqual(self.value("select 'zebra' < '\u00e4pfel'", running=running), "t")

    def test_reloads(self):
        session = self.session()
        session.query("alter system set work_mem = '9MB'")
        self.running.signal("HUP")
        self.running.wait_for('parameter "work_mem" changed to "9MB"')

    def test_stops_in_order(self):
        with self.containers.start() as running:
            running.wait_for(self.ready)
            self.assertEqual(running.stop(), 0, running.output())


OF_IMAGE = {"postgres": Postgres}
