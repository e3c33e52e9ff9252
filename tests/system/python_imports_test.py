#!/usr/bin/python3
"""Python's import graph, compared with Python: what the image's own interpreter finds that a program imports (by its
modulefinder, which reads byte code) and what it loads when modules are really imported has to be in the static plan."""

import json

from slim_program import SystemTest, main, need_root, original_of, slim

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


class Why(SystemTest):
    def test_a_chain_of_imports_says_file_and_line(self):
        finished = slim("why", "docker-archive:" + original_of("flask"), "/usr/lib/python3.11/sqlite3/dbapi2.py")
        self.assert_status(finished, 0)
        self.assertRegex(finished.out, r"imported by /usr/lib/python3\.11/sqlite3/__init__\.py \(line \d+ \(from sqlite3\.dbapi2 import")
        self.assertRegex(finished.out, r"imported by /app/app\.py \(line \d+ \(import sqlite3\)\)")


if __name__ == "__main__":
    main()
