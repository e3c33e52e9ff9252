#!/usr/bin/python3
"""Bills of materials of real images: their packages and files against those who made them (dpkg-query, apk's database,
importlib.metadata, package.json, gemspecs, pom.properties, `go version -m`), both formats against the libraries of
their makers, and the bill that `slim build` writes against the one of what it wrote."""

import glob
import hashlib
import importlib.metadata
import io
import json
import os
import re
import shutil
import subprocess
import tempfile
import unittest
import zipfile
import zlib

import image_archive
from slim_program import SystemTest, main, need_program, original_of, slim

IMAGES = ("redis", "alpine", "pywheels", "express", "ruby", "java", "spring", "go", "rust")
# What their makers read them with; from PyPI, into a folder of the test.
VALIDATORS = ("cyclonedx-python-lib[json-validation]==11.12.0", "spdx-tools==0.8.5", "packageurl-python==0.17.6")
VALIDATE = """
import json, sys
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from packageurl import PackageURL
from spdx_tools.spdx.parser.parse_anything import parse_file
from spdx_tools.spdx.validation.document_validator import validate_full_spdx_document
cyclonedx, spdx = sys.argv[1:]
text = open(cyclonedx, encoding="utf-8").read()
error = JsonStrictValidator(SchemaVersion.V1_5).validate_str(text)
problems = [str(error)[:2000]] if error else []
problems += [message.validation_message for message in validate_full_spdx_document(parse_file(spdx), "SPDX-2.3")]
for component in json.loads(text)["components"]:
    url = component.get("purl")
    if url and PackageURL.from_string(url).to_string() != url:
        problems.append("%s: canonical is %s" % (url, PackageURL.from_string(url).to_string()))
print(json.dumps(problems[:20]))
"""


class Image:
    """An image with its root unpacked, its bill in both formats, slimmed with a bill of that, and the bill of what was
    written; each made once."""

    made = {}

    def __init__(self, name):
        self.source = "docker-archive:" + original_of(name)
        self.work = tempfile.mkdtemp(prefix="slim-test.")
        self.root = os.path.join(self.work, "root")
        archive = os.path.join(self.work, "archive")
        for layer in image_archive.open_archive(original_of(name), archive).layers:
            with image_archive.layer_tar(layer) as tar:
                members = tar.getmembers()
                for member in members:
                    self.take_away(member.name)
                tar.extractall(self.root, [member for member in members if not member.isdev()
                                           and not os.path.basename(member.name).startswith(image_archive.WHITEOUT)])
        shutil.rmtree(archive)
        self.slimmed = "docker-archive:" + self.file("slimmed.tar")
        self.built = slim("build", self.source, "-o", self.slimmed, "--no-run", "--quiet",
                          "--sbom", self.file("built.cdx.json"), "--sbom", "spdx=" + self.file("built.spdx.json"))
        for kind, image in (("original", self.source), ("read", self.slimmed)):
            for form, ending in (("cyclonedx", "cdx"), ("spdx", "spdx")):
                finished = slim("sbom", image, "--format", form, "-o", self.file("%s.%s.json" % (kind, ending)))
                if finished.status != 0:
                    raise AssertionError(str(finished))

    def take_away(self, name):
        """What a whiteout called `name` deletes."""
        folder, base = os.path.split(os.path.join(self.root, name))
        if not base.startswith(image_archive.WHITEOUT):
            return
        gone = [base[len(image_archive.WHITEOUT):]]
        if base == image_archive.OPAQUE:
            gone = os.listdir(folder) if os.path.isdir(folder) else []
        for path in (os.path.join(folder, entry) for entry in gone):
            if os.path.isdir(path) and not os.path.islink(path):
                shutil.rmtree(path)
            elif os.path.lexists(path):
                os.remove(path)

    def file(self, name):
        return os.path.join(self.work, name)

    def bill(self, name):
        with open(self.file(name), encoding="utf-8") as file:
            return json.load(file)

    def packages(self, kind):
        """purl without qualifiers -> component, of the packages of one type."""
        components = self.bill("original.cdx.json")["components"]
        return {component["purl"].split("?")[0]: component for component in components
                if component.get("purl", "").startswith("pkg:%s/" % kind)}

    @classmethod
    def of(cls, name):
        if name not in cls.made:
            cls.made[name] = cls(name)
        return cls.made[name]


def tearDownModule():
    for image in Image.made.values():
        shutil.rmtree(image.work, ignore_errors=True)


def occurrences(component):
    return [place["location"] for place in component.get("evidence", {}).get("occurrences", [])]


def quoted(version):
    return version.replace("+", "%2B")


def coordinates(jar):
    """The package URLs of what Maven put into an archive, and into archives in it."""
    with zipfile.ZipFile(jar) as archive:
        for entry in archive.namelist():
            if entry.endswith(".jar"):
                yield from coordinates(io.BytesIO(archive.read(entry)))
            if re.fullmatch(r"META-INF/maven/[^/]+/[^/]+/pom.properties", entry):
                values = dict(line.split("=", 1) for line in archive.read(entry).decode().splitlines()
                              if "=" in line and not line.startswith("#"))
                yield "pkg:maven/%s/%s@%s" % tuple(values[key].strip() for key in ("groupId", "artifactId", "version"))


class Oracles(unittest.TestCase):
    def test_debian_packages_are_those_of_dpkg_query_with_their_files(self):
        need_program("dpkg-query")
        image = Image.of("redis")
        query = lambda *words: subprocess.run(
            ["dpkg-query", "--admindir", os.path.join(image.root, "var/lib/dpkg"), *words], check=True,
            capture_output=True, text=True).stdout.splitlines()
        expected = {}
        for line in query("-W", "-f", "${Package} ${Version} ${Architecture}\n"):
            name, version, architecture = line.split()
            expected["pkg:deb/debian/%s@%s" % (name.replace("+", "%2B"), quoted(version))] = architecture
        packages = image.packages("deb")
        self.assertEqual(set(packages), set(expected))
        self.assertGreater(len(packages), 50)
        for url, component in packages.items():
            self.assertIn("?arch=%s&distro=debian-12" % expected[url], component["purl"])
        for name in ("redis-server", "libc6", "bash"):
            component = next(part for part in packages.values() if part["name"] == name)
            files = [path for path in query("-L", name) if os.path.isfile(image.root + path)
                     and not os.path.islink(image.root + path)]
            self.assertEqual(occurrences(component), sorted({os.path.realpath(image.root + path)[len(image.root):]
                                                             for path in files}), name)

    def test_apk_packages_are_those_of_its_database(self):
        image = Image.of("alpine")
        with open(os.path.join(image.root, "lib/apk/db/installed"), encoding="utf-8") as file:
            records = [dict(line.split(":", 1) for line in record.splitlines()[:12])
                       for record in file.read().strip().split("\n\n")]
        expected = {"pkg:apk/alpine/%s@%s" % (record["P"], record["V"]): record for record in records}
        packages = image.packages("apk")
        self.assertEqual(set(packages), set(expected))
        for url, record in expected.items():
            self.assertEqual(packages[url]["licenses"], [{"license": {"name": record["L"]}}])
            self.assertIn("?arch=%s&distro=alpine-3." % record["A"], packages[url]["purl"])

    def test_python_distributions_are_those_of_importlib(self):
        image = Image.of("pywheels")
        site = os.path.join(image.root, "opt/venv/lib/python3.11/site-packages")
        expected = {}
        for distribution in importlib.metadata.distributions(path=[site]):
            name = re.sub(r"[-_.]+", "-", distribution.metadata["Name"]).lower()
            expected["pkg:pypi/%s@%s" % (name, quoted(distribution.version))] = distribution
        packages = {url: component for url, component in image.packages("pypi").items()
                    if any(place.startswith("/opt/venv/") for place in occurrences(component))}
        self.assertEqual(set(packages), set(expected))
        self.assertGreater(len(packages), 5)
        for url, distribution in expected.items():
            files = {os.path.realpath(str(file.locate())) for file in distribution.files or [] if file.locate().is_file()}
            self.assertLessEqual({path[len(image.root):] for path in files if not path.endswith(".pyc")},
                                 set(occurrences(packages[url])), url)

    def test_node_modules_are_those_with_a_package_json(self):
        image = Image.of("express")
        expected = set()
        for folder, _, files in os.walk(os.path.join(image.root, "app/node_modules")):
            above = os.path.basename(os.path.dirname(folder))
            if "package.json" not in files or not (above == "node_modules" or above.startswith("@")):
                continue
            with open(os.path.join(folder, "package.json"), encoding="utf-8") as file:
                package = json.load(file)
            expected.add("pkg:npm/%s@%s" % (package["name"].replace("@", "%40"), quoted(package["version"])))
        packages = {url for url, component in image.packages("npm").items()
                    if any(place.startswith("/app/") for place in occurrences(component))}
        self.assertEqual(packages, expected)
        self.assertGreater(len(packages), 50)

    def test_gems_are_those_of_gemspecs(self):
        image = Image.of("ruby")
        expected = set()
        for path in glob.glob(os.path.join(image.root, "**/specifications/**/*.gemspec"), recursive=True):
            with open(path, encoding="utf-8") as file:
                text = file.read()
            name = re.search(r's\.name = "([^"]+)"', text)
            version = re.search(r's\.version = "([^"]+)"', text)
            if name and version:
                expected.add("pkg:gem/%s@%s" % (name[1], version[1]))
        # what a package of Debian brings is that package
        self.assertLessEqual(set(image.packages("gem")), expected)
        self.assertIn("ruby-sinatra", {component["name"] for component in image.packages("deb").values()})

    def test_jars_have_the_coordinates_that_maven_wrote(self):
        found = 0
        for name in ("java", "spring"):
            image = Image.of(name)
            packages = image.packages("maven")
            for path in glob.glob(os.path.join(image.root, "**/*.jar"), recursive=True):
                if os.path.islink(path) or "/usr/" in path[len(image.root):]:
                    continue
                for url in coordinates(path):
                    self.assertIn(url, packages)
                    self.assertIn(path[len(image.root):], occurrences(packages[url]))
                    found += 1
        self.assertGreater(found, 3)

    def test_every_file_is_told_once_with_the_sums_of_its_content(self):
        for name in ("redis", "go"):
            image = Image.of(name)
            expected = {}
            for folder, _, files in os.walk(image.root):
                for file in files:
                    path = os.path.join(folder, file)
                    if os.path.isfile(path) and not os.path.islink(path):
                        with open(path, "rb") as content:
                            data = content.read()
                        expected["." + path[len(image.root):]] = [
                            {"algorithm": "SHA1", "checksumValue": hashlib.sha1(data).hexdigest()},
                            {"algorithm": "SHA256", "checksumValue": hashlib.sha256(data).hexdigest()}]
            files = image.bill("original.spdx.json")["files"]
            self.assertEqual(len(files), len(expected), name)
            self.assertEqual({file["fileName"]: file["checksums"] for file in files}, expected, name)
            cyclonedx = image.bill("original.cdx.json")["components"]
            # what was built into a program is found in it and owns nothing
            owned = {place for component in cyclonedx if component["type"] == "library" and
                     {"name": "slim:files", "value": "0"} not in component["properties"] for place in occurrences(component)}
            unowned = {component["name"] for component in cyclonedx if component["type"] == "file"}
            self.assertEqual({"." + path for path in owned | unowned}, set(expected), name)
            self.assertEqual(owned & unowned, set())


class Programs(SystemTest):
    def bill(self):
        finished = slim("sbom", "rootfs:" + self.path("root"))
        self.assert_status(finished, 0)
        return finished.json()["components"]

    def test_modules_of_go_are_those_of_go_version(self):
        need_program("go")
        programs = [path for path in map(shutil.which, ("go", "gofmt", "runc", "docker", "skopeo")) if path]
        os.makedirs(self.path("module", "dependency"))
        for name, text in (("go.mod", "module example.com/Shop\n\ngo 1.18\n\nrequire example.com/old v1.0.0\n\n"
                            "replace example.com/old => ./dependency\n"),
                           ("main.go", 'package main\n\nimport "example.com/old"\n\nfunc main() { old.F() }\n'),
                           ("dependency/go.mod", "module example.com/old\n\ngo 1.18\n"),
                           ("dependency/old.go", "package old\n\nfunc F() {}\n")):
            with open(self.path("module", name), "w", encoding="utf-8") as file:
                file.write(text)
        subprocess.run(["go", "build", "-o", self.path("shop"), "."], cwd=self.path("module"), check=True,
                       env={**os.environ, "GOFLAGS": "-mod=mod", "GOCACHE": self.path("cache"), "CGO_ENABLED": "0"})
        programs.append(self.path("shop"))
        os.makedirs(self.path("root", "bin"))
        for program in programs:
            shutil.copy(program, self.path("root", "bin"))
        found = {}
        for component in self.bill():
            if component.get("purl", "").startswith("pkg:golang/"):
                for place in occurrences(component):
                    found.setdefault(os.path.basename(place), set()).add((component["name"], component.get("version", "")))
        checked = 0
        for program in programs:
            name = os.path.basename(program)
            told = subprocess.run(["go", "version", "-m", program], check=True, capture_output=True, text=True).stdout
            toolchain = told.splitlines()[0].rpartition(": ")[2].split()[0]
            expected = {("stdlib", re.sub("^go", "", toolchain))}
            last = path = main_module = None
            for fields in (line.split("\t")[1:] for line in told.splitlines()[1:]):
                if fields[0] == "path":
                    path = fields[1]
                elif fields[0] in ("mod", "dep"):
                    last = (fields[1], fields[2] if len(fields) > 2 else "")
                    expected.add(last)
                    main_module = main_module or fields[0] == "mod"
                elif fields[0] == "=>":
                    expected.discard(last)
                    expected.add((fields[1], fields[2] if len(fields) > 2 else ""))
            if path and not main_module and path != "command-line-arguments":
                expected.add((path, ""))
            self.assertEqual(found.get(name), expected, name)
            checked += len(expected)
        self.assertIn(("example.com/Shop", "(devel)"), found["shop"])
        self.assertGreater(checked, 4)

    def test_crates_are_those_that_cargo_auditable_wrote(self):
        need_program("objcopy")
        os.makedirs(self.path("root", "bin"))
        document = {"packages": [
            {"name": "app", "version": "0.1.0", "source": "local", "dependencies": [1], "root": True},
            {"name": "serde", "version": "1.0.200", "source": "registry"},
            {"name": "cc", "version": "1.0.90", "source": "registry", "kind": "build"}]}
        with open(self.path("section"), "wb") as file:
            file.write(zlib.compress(json.dumps(document).encode(), 9))
        subprocess.run(["objcopy", "--add-section", ".dep-v0=" + self.path("section"), "/bin/true",
                        self.path("root", "bin", "app")], check=True)
        found = {component["purl"]: occurrences(component) for component in self.bill() if "purl" in component}
        self.assertEqual(found, {"pkg:cargo/app@0.1.0": ["/bin/app"], "pkg:cargo/serde@1.0.200": ["/bin/app"]})

    def test_a_program_with_a_damaged_list_is_only_a_file(self):
        need_program("objcopy")
        os.makedirs(self.path("root", "bin"))
        whole = zlib.compress(json.dumps({"packages": [{"name": "x", "version": "1"}]}).encode())
        for number, content in enumerate((b"", b"\0", whole[:-1], whole[:10], b"\x78\xda" + b"\xff" * 100)):
            with open(self.path("section"), "wb") as file:
                file.write(content or b"x")
            subprocess.run(["objcopy", "--add-section", ".dep-v0=" + self.path("section"), "/bin/true",
                            self.path("root", "bin", "app%d" % number)], check=True)
        self.assertEqual({component["type"] for component in self.bill()}, {"file"})
        self.assertEqual(len(self.bill()), 5)


class Agreement(unittest.TestCase):
    """The bill that a build writes against that of its result, read again."""

    def test_packages_and_files_are_the_same(self):
        for name in IMAGES:
            with self.subTest(image=name):
                image = Image.of(name)
                self.assertEqual(image.built.status, 0, str(image.built))
                built, read = image.bill("built.cdx.json"), image.bill("read.cdx.json")
                for component in built["components"]:
                    component["properties"] = [entry for entry in component.get("properties", [])
                                               if entry["name"] != "slim:files:original"]
                for component in read["components"]:
                    component.setdefault("properties", [])
                self.assertEqual(built["components"], read["components"])
                for key in ("type", "name", "version"):
                    self.assertEqual(built["metadata"]["component"][key], read["metadata"]["component"][key])
                self.assertEqual(built["metadata"]["timestamp"], read["metadata"]["timestamp"])

    def test_spdx_says_the_same_too(self):
        for name in IMAGES:
            with self.subTest(image=name):
                built, read = Image.of(name).bill("built.spdx.json"), Image.of(name).bill("read.spdx.json")
                built["packages"] = [package for package in built["packages"] if package["SPDXID"] != "SPDXRef-Original"]
                for package in built["packages"]:
                    package.pop("annotations", None)
                built["relationships"].remove({"spdxElementId": "SPDXRef-Image", "relationshipType": "DESCENDANT_OF",
                                               "relatedSpdxElement": "SPDXRef-Original"})
                for document in (built, read):
                    del document["documentNamespace"]
                self.assertEqual(built, read)

    def test_what_is_removed_is_what_only_the_original_has(self):
        for name in ("redis", "alpine", "express"):
            with self.subTest(image=name):
                image = Image.of(name)
                urls = lambda file: {part["purl"] for part in image.bill(file)["components"] if "purl" in part}
                told = image.bill("built.cdx.json")["metadata"]["component"]
                gone = {entry["value"].split(" ")[0] for entry in told["properties"]
                        if entry["name"].startswith("slim:removed:")}
                self.assertEqual(gone, urls("original.cdx.json") - urls("read.cdx.json"))
                self.assertGreater(len(gone), 3)
                self.assertEqual(told["pedigree"]["ancestors"][0]["name"],
                                 image.bill("original.cdx.json")["metadata"]["component"]["name"])
                for component in image.bill("built.cdx.json")["components"]:
                    counts = {entry["name"]: int(entry["value"]) for entry in component.get("properties", [])
                              if entry["name"].startswith("slim:files")}
                    if "slim:files:original" in counts:
                        self.assertLess(counts["slim:files"], counts["slim:files:original"])


class Validators(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.work = tempfile.mkdtemp(prefix="slim-test.")
        cls.addClassCleanup(shutil.rmtree, cls.work, ignore_errors=True)
        cls.python = os.path.join(cls.work, "bin", "python")
        made = subprocess.run(["/usr/bin/python3", "-m", "venv", cls.work], capture_output=True, text=True, check=False)
        if made.returncode != 0:
            raise unittest.SkipTest("no virtual environment: " + made.stderr[-200:])
        try:
            got = subprocess.run([cls.python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *VALIDATORS],
                                 capture_output=True, text=True, timeout=240, check=False)
        except subprocess.TimeoutExpired as error:
            raise unittest.SkipTest("the validators cannot be got in time from the package index") from error
        if got.returncode != 0:
            raise unittest.SkipTest("the validators cannot be got from the package index: " + got.stderr[-200:])

    def problems(self, image, kind):
        done = subprocess.run([self.python, "-c", VALIDATE, image.file(kind + ".cdx.json"),
                               image.file(kind + ".spdx.json")], capture_output=True, text=True, timeout=300, check=False)
        self.assertEqual(done.returncode, 0, done.stderr[-3000:])
        return json.loads(done.stdout)

    def test_both_formats_are_valid_and_package_urls_canonical(self):
        # large ones take the reader of SPDX minutes, and say nothing that these do not
        for name, kind in (("alpine", "original"), ("go", "original"), ("redis", "built"), ("ruby", "built"),
                           ("java", "built"), ("express", "built")):
            with self.subTest(image=name):
                self.assertEqual(self.problems(Image.of(name), kind), [])

    def test_they_would_say_what_is_wrong(self):
        image = Image.of("alpine")
        for ending, change in (("cdx", lambda bill: bill.update(serialNumber="1")),
                               ("spdx", lambda bill: bill["packages"][1].update(downloadLocation="?"))):
            for form in ("cdx", "spdx"):
                bill = image.bill("original.%s.json" % form)
                if form == ending:
                    change(bill)
                with open(image.file("wrong.%s.json" % form), "w", encoding="utf-8") as file:
                    json.dump(bill, file)
            self.assertNotEqual(self.problems(image, "wrong"), [], ending)


class Command(SystemTest):
    def test_the_same_image_gives_the_same_bytes_at_the_time_that_is_asked_for(self):
        image = Image.of("alpine")
        with open(image.file("original.cdx.json"), encoding="utf-8") as file:
            written = file.read()
        again = slim("sbom", image.source)
        self.assert_status(again, 0)
        self.assertEqual(again.out, written)
        dated = slim("sbom", image.source, "--format", "spdx", env={"SOURCE_DATE_EPOCH": "86400"})
        self.assertEqual(dated.json()["creationInfo"]["created"], "1970-01-02T00:00:00Z")

    def test_slimmed_tells_what_static_analysis_would_leave(self):
        image = Image.of("redis")
        planned = slim("sbom", image.source, "--slimmed")
        self.assert_status(planned, 0)
        self.assertEqual(planned.json()["components"], image.bill("built.cdx.json")["components"])
        wider = slim("sbom", image.source, "--slimmed", "--include", "/usr/bin/perl")
        self.assert_status(wider, 0)
        names = lambda bill: {part["name"] for part in bill["components"] if part["type"] == "library"}
        self.assertNotIn("perl-base", names(planned.json()))
        self.assertLessEqual(names(planned.json()) | {"perl-base"}, names(wider.json()))

    def test_wrong_usage_is_said_before_any_work(self):
        image = Image.of("alpine")
        out = "docker-archive:" + self.path("out.tar")
        for words in (("sbom", image.source, "--format", "xml"), ("sbom", image.source, "--include", "/x"),
                      ("build", image.source, "-o", out, "--no-run", "--sbom", "spdx="),
                      ("build", image.source, "-o", out, "--no-run", "--sbom", image.source.split(":")[1]),
                      ("build", image.source, "-o", out, "--no-run", "--platform", "all", "--sbom", self.path("x"))):
            finished = slim(*words)
            self.assert_status(finished, 2)
            self.assertIn("slim: error: ", finished.err)
        self.assert_status(slim("build", image.source, "-o", out, "--no-run", "--sbom", "/nonexistent/x"), 4)
        self.assert_status(slim("sbom", image.source, "-o", "/nonexistent/x"), 4)
        self.assertEqual(os.listdir(self.folder), [])


if __name__ == "__main__":
    main()
