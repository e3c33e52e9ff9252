#!/usr/bin/python3
"""Python's import graph, compared with Python: what the image's own interpreter finds that a program imports (by its
modulefinder, which reads byte code) and what it loads when modules are really imported has to be in the static plan.
What lies in zip archives is run by the machine's own Python, in the root folder that is left of one made here."""

import json
import os
import re
import shutil
import subprocess
import sys
import zipapp
import zipfile

from slim_program import SystemTest, main, need_program, need_root, original_of, slim

# help(), the prompt and the library's tests of itself load these; nothing that a program does.
NOT_ASKED_FOR = ["pydoc", "readline", "rlcompleter", "pdb", "doctest", "test"]

FIND = """
import json, modulefinder, sys
asked = json.loads(sys.argv[1])
script, names, excludes = asked["script"], asked["names"], asked["excludes"]
def without_type_checking(source, *rest):
    for test in (b"if TYPE_CHECKING:", b"if t.TYPE_CHECKING:", b"if typing.TYPE_CHECKING:"):
        source = source.replace(test, b"if 0:")
    return compile(source, *rest)
modulefinder.compile = without_type_checking
find = modulefinder._find_module
def find_module(name, path=None):
    try:
        return find(name, path)
    except AttributeError:  # it knows no namespace packages, which have no loader
        raise ImportError(name)
modulefinder._find_module = find_module
finder = modulefinder.ModuleFinder(path=([script.rpartition("/")[0]] if script else []) + sys.path[1:], excludes=excludes)
if script:
    finder.run_script(script)
for name in names:
    finder.import_hook(name)
print(json.dumps(sorted({module.__file__ for module in finder.modules.values() if module.__file__})))
"""

LOAD = """
import json, sys
loaded = []
for name in json.loads(sys.argv[1])["names"]:
    try:
        __import__(name)
        loaded.append(name)
    except ImportError:
        pass
files = {getattr(module, "__file__", None) for module in list(sys.modules.values())}
print(json.dumps([loaded, sorted(file for file in files if file)]))
"""

# Of each part of the library some; those that speak only of other systems, open a page or are games are not asked for.
LIBRARY = """argparse array ast asyncio base64 bisect bz2 calendar cmd cgi codecs collections concurrent.futures configparser
contextlib copy csv ctypes ctypes.util curses dataclasses datetime dbm decimal difflib dis email email.mime.text encodings.idna
enum fileinput fnmatch fractions ftplib functools getpass gettext glob graphlib gzip hashlib heapq hmac html html.parser
http.client http.cookies http.server imaplib importlib.metadata importlib.resources inspect io ipaddress itertools json
linecache locale logging logging.config logging.handlers lzma mailbox mimetypes mmap multiprocessing multiprocessing.pool
multiprocessing.shared_memory netrc numbers operator optparse os pathlib pickle pkgutil platform plistlib poplib pprint
profile queue quopri random re resource runpy sched secrets select selectors shelve shlex shutil signal smtplib socket
socketserver sqlite3 ssl statistics string stringprep struct subprocess symtable sysconfig tarfile tempfile termios
textwrap threading timeit token tokenize tomllib traceback tracemalloc types typing unicodedata unittest unittest.mock
urllib.parse urllib.request urllib.robotparser uuid venv warnings wave weakref wsgiref.simple_server xml.dom.minidom
xml.etree.ElementTree xml.sax xmlrpc.client xmlrpc.server zipapp zipfile zipimport zlib zoneinfo""".split()


class Imports(SystemTest):
    def setUp(self):
        super().setUp()
        need_root()

    def kept(self, name, *options):
        finished = slim("analyze", "docker-archive:" + original_of(name), "--format", "json", "--files", *options)
        self.assert_status(finished, 0)
        return {file["path"] for file in finished.json()["files"] if file["decision"] == "keep"}

    def inside(self, name, script, asked):
        finished = slim("run", "docker-archive:" + original_of(name), "--entrypoint", "python3", "--", "-c", script,
                        json.dumps(asked))
        self.assert_status(finished, 0)
        return finished.json()

    def find(self, name, script, *modules):
        return self.inside(name, FIND, {"script": script, "names": modules, "excludes": NOT_ASKED_FOR})

    def real_paths(self, name, paths):
        """As the tree has them: /lib is /usr/lib, and site-packages may be reached by a link."""
        return set(self.inside(name, "import json, os, sys; print(json.dumps([os.path.realpath(path) for path in "
                                     "json.loads(sys.argv[1])['paths']]))", {"paths": paths}))

    def assert_all_kept(self, name, files, *options):
        self.assertGreater(len(files), 50)
        self.assertEqual(sorted(self.real_paths(name, files) - self.kept(name, *options)), [])

    def test_what_modulefinder_finds_from_an_application(self):
        files = self.find("flask", "/app/app.py", "gunicorn.app.wsgiapp")
        self.assertIn("/usr/lib/python3.11/sqlite3/dbapi2.py", files)
        self.assert_all_kept("flask", files)

    def test_what_modulefinder_finds_from_a_script_of_a_virtual_environment(self):
        files = self.find("pywheels", "/app/survey.py")
        self.assertTrue([file for file in files if "/numpy/" in file and file.endswith(".so")])
        self.assert_all_kept("pywheels", files)

    def test_what_modulefinder_finds_from_the_standard_library(self):
        files = self.find("flask", "", *LIBRARY)
        command = json.dumps(["python3", "-c", "import " + ", ".join(LIBRARY)])
        self.assert_all_kept("flask", files, "--entrypoint", command)

    def test_what_the_interpreter_really_loads(self):
        loaded, files = self.inside("flask", LOAD, {"names": LIBRARY})
        self.assertGreater(len(loaded), len(LIBRARY) - 10, sorted(set(LIBRARY) - set(loaded)))
        command = json.dumps(["python3", "-c", "import " + ", ".join(loaded)])
        self.assert_all_kept("flask", files, "--entrypoint", command)

    def test_what_is_not_imported_is_not_kept(self):
        kept = self.kept("flask", "--entrypoint", json.dumps(["python3", "-c", "import json"]))
        for module in ("sqlite3/__init__.py", "xmlrpc/client.py", "tomllib/__init__.py", "pydoc.py"):
            self.assertNotIn("/usr/lib/python3.11/" + module, kept)
        self.assertFalse([path for path in kept if "/flask/" in path])

    def test_a_prompt_has_its_modules(self):
        kept = self.kept("flask", "--entrypoint", "python3", "--cmd", "[]")
        self.assertIn("/usr/lib/python3.11/pydoc.py", kept)
        self.assertTrue([path for path in kept if "readline.cpython-311" in path])


# The application, a library of it and an egg: all of them in archives. Some of what they import comes late.
IN_ARCHIVES = {
    "srv/shop.pyz": {
        "__main__.py": "import json, sys\nimport shop\n"
                       "if __name__ == '__main__':\n    import textwrap\n"
                       "    print(json.dumps([shop.total(), textwrap.shorten('a b', 9), sorted(sys.modules)]))\n",
        "shop/__init__.py": "from .cart import total\n",
        "shop/cart.py": "import tax\ndef total():\n    import ledger\n    return str(ledger.entry(tax.of(3)))\n",
    },
    "srv/lib.zip": {
        "tax/__init__.py": "from fractions import Fraction\nimport rates\n"
                           "def of(value):\n    import statistics\n    return Fraction(statistics.mean([value, rates.RATE]))\n",
        "tax/__main__.py": "import tax, sys\nprint(tax.of(1), sorted(sys.modules))\n",
    },
    "usr/local/lib/python{version}/dist-packages/rates-1.0-py{version}.egg": {
        "rates.py": "import colorsys\nRATE = int(colorsys.rgb_to_hsv(0, 0, 7)[2])\n",
        "EGG-INFO/PKG-INFO": "Name: rates\nVersion: 1.0\n",
    },
}
IN_FOLDERS = {
    "usr/local/lib/python{version}/dist-packages/easy-install.pth": "./rates-1.0-py{version}.egg\n",
    "usr/local/lib/python{version}/dist-packages/ledger/__init__.py": "import decimal\ndef entry(value):\n"
                                                                      "    return decimal.Decimal(value.numerator)\n",
    "usr/local/lib/python{version}/dist-packages/unused/__init__.py": "import wave\n",
}


class Archives(SystemTest):
    """A root folder with this machine's Python, started with chroot before and after."""

    def setUp(self):
        super().setUp()
        need_root()
        need_program("ldd")
        self.version = "%d.%d" % sys.version_info[:2]
        self.root, self.program = self.path("root"), os.path.realpath(sys.executable)
        library = os.path.dirname(os.__file__)
        self.copy(self.program)
        shutil.copytree(library, self.root + library, symlinks=True, ignore=shutil.ignore_patterns(
            "test", "tests", "__pycache__", "config-*", "dist-packages", "idlelib", "lib2to3", "sitecustomize.py"))
        extensions = os.path.join(library, "lib-dynload")
        for file in [self.program, *(os.path.join(extensions, name) for name in os.listdir(extensions))]:
            told = subprocess.run(["ldd", file], capture_output=True, text=True, check=False).stdout
            for needed in re.findall(r"(/\S+) \(0x", told):
                self.copy(needed)
        for path, content in IN_FOLDERS.items():
            self.write(path, content.format(version=self.version).encode())
        for path, modules in IN_ARCHIVES.items():
            self.archive(path.format(version=self.version), modules)

    def copy(self, path):
        if not os.path.exists(self.root + path):
            os.makedirs(os.path.dirname(self.root + path), exist_ok=True)
            shutil.copy(path, self.root + path)

    def write(self, path, content):
        path = os.path.join(self.root, path.format(version=self.version))
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as file:
            file.write(content)

    def archive(self, path, modules):
        source = self.path("source")
        for name, text in modules.items():
            os.makedirs(os.path.dirname(os.path.join(source, name)), exist_ok=True)
            with open(os.path.join(source, name), "w", encoding="utf-8") as file:
                file.write(text)
        self.write(path, b"")
        if path.endswith(".pyz"):
            zipapp.create_archive(source, os.path.join(self.root, path), interpreter=self.program, compressed=True)
        else:
            with zipfile.ZipFile(os.path.join(self.root, path), "w", zipfile.ZIP_DEFLATED) as made:
                for name in modules:
                    made.write(os.path.join(source, name), name)
        shutil.rmtree(source)

    def run_in(self, root, command):
        environment = {"PATH": os.environ["PATH"], "PYTHONPATH": "/srv/lib.zip", "PYTHONDONTWRITEBYTECODE": "1"}
        ran = subprocess.run(["chroot", root, *command], env=environment, capture_output=True, text=True, check=False)
        self.assertEqual(ran.returncode, 0, ran.stderr)
        return ran.stdout

    def assert_same(self, command):
        slimmed = self.path("slimmed")
        shutil.rmtree(slimmed, ignore_errors=True)
        self.assert_status(slim("build", "rootfs:" + self.root, "--entrypoint", json.dumps(command), "--env",
                                "PYTHONPATH=/srv/lib.zip", "--no-run", "-o", "dir:" + slimmed), 0)
        before = self.run_in(self.root, command)
        self.assertIn("colorsys", before)  # by way of the egg
        self.assertEqual(self.run_in(slimmed, command), before)
        packages = os.path.join(slimmed, "usr/local/lib/python%s/dist-packages" % self.version)
        self.assertFalse(os.path.exists(os.path.join(packages, "unused")))
        self.assertFalse(os.path.exists(os.path.join(slimmed, os.path.dirname(os.__file__)[1:], "wave.py")))

    def test_an_application_in_an_archive(self):
        self.assert_same([self.program, "/srv/shop.pyz"])

    def test_an_archive_that_is_a_program(self):
        os.rename(os.path.join(self.root, "srv/shop.pyz"), os.path.join(self.root, "srv/shop"))
        self.assert_same(["/srv/shop"])

    def test_a_module_in_an_archive(self):
        self.assert_same([self.program, "-m", "tax"])

    def test_where_it_is_imported_is_said_with_the_module(self):
        why = slim("why", "rootfs:" + self.root, "--entrypoint", json.dumps([self.program, "/srv/shop.pyz"]), "--env",
                   "PYTHONPATH=/srv/lib.zip", "/usr/local/lib/python%s/dist-packages/ledger/__init__.py" % self.version)
        self.assert_status(why, 0)
        self.assertIn("imported by /srv/shop.pyz (shop/cart.py, line 3 (import ledger))", why.out)


class Why(SystemTest):
    def test_a_chain_of_imports_says_file_and_line(self):
        finished = slim("why", "docker-archive:" + original_of("flask"), "/usr/lib/python3.11/sqlite3/dbapi2.py")
        self.assert_status(finished, 0)
        self.assertRegex(finished.out, r"imported by /usr/lib/python3\.11/sqlite3/__init__\.py \(line \d+ \(from sqlite3\.dbapi2 import")
        self.assertRegex(finished.out, r"imported by /app/app\.py \(line \d+ \(import sqlite3\)\)")


if __name__ == "__main__":
    main()
