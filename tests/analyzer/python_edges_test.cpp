#include "analyzer/python_edges.h"

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/analyzer/python_fixture.h"

namespace slim {
namespace {

using test::PythonImage;
using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::IsSupersetOf;
using testing::Not;
using testing::UnorderedElementsAre;

constexpr std::string_view stdlib = "usr/lib/python3.11/";
constexpr std::string_view site = "usr/local/lib/python3.11/dist-packages/";

std::string at(std::string_view folder, std::string_view name) {
  return std::string(folder) + std::string(name);
}

TEST(PythonEdges, TheInterpreterLoadsItsStart) {
  PythonImage image;
  image.interpreter();
  image.file(at(stdlib, "encodings/__init__.py"), "x = 1\n")
      .file(at(stdlib, "encodings/utf_8.py"), "x = 1\n");
  image.file(at(stdlib, "site.py"), "x = 1\n").file(at(stdlib, "warnings.py"), "x = 1\n");
  image.file(at(stdlib, "json.py"), "x = 1\n").file(at(site, "hook.pth"), "import json\n");
  EXPECT_THAT(
      image.edges("/usr/bin/python3.11"),
      IsSupersetOf({"import /usr/lib/python3.11/encodings/__init__.py",
                    "import /usr/lib/python3.11/encodings/utf_8.py", "import /usr/lib/python3.11/site.py",
                    "import /usr/lib/python3.11/warnings.py likely",
                    "module data /usr/local/lib/python3.11/dist-packages/hook.pth"}));
  EXPECT_THAT(image.edges("/usr/bin/python3.11"), Not(Contains(HasSubstr("json"))));
  EXPECT_THAT(image.edges("/usr/local/lib/python3.11/dist-packages/hook.pth"),
              Contains("import /usr/lib/python3.11/json.py"));
}

TEST(PythonEdges, ScriptsImportFromTheirFolderThenTheStandardLibraryThenPackages) {
  PythonImage image;
  image.interpreter();
  image.file(at(stdlib, "json/__init__.py"), "from .decoder import x\n")
      .file(at(stdlib, "json/decoder.py"), "\n");
  image.file(at(site, "flask/__init__.py"), "\n")
      .file("srv/app/shop.py", "\n")
      .file("srv/app/json2.py", "\n");
  image.file("srv/app/main.py",
             "import json\nimport flask\ndef f():\n    import shop\ntry:\n    import nothing\nexcept "
             "ImportError: pass\nimport missing\nimport _thread, winreg\n");
  EXPECT_THAT(image.edges("/srv/app/main.py"),
              UnorderedElementsAre("import /usr/lib/python3.11/json/__init__.py",
                                   "import /usr/local/lib/python3.11/dist-packages/flask/__init__.py",
                                   "import /srv/app/shop.py likely"));
  EXPECT_THAT(image.unresolved(), ElementsAre("/srv/app/main.py:8: missing"));
  EXPECT_THAT(image.edges("/usr/lib/python3.11/json/__init__.py"),
              Contains("import /usr/lib/python3.11/json/decoder.py"));
  EXPECT_THAT(image.details("/srv/app/main.py"), Contains("line 1 (import json)"));
}

TEST(PythonEdges, RelativeImportsAndModulesOfPackages) {
  PythonImage image;
  image.interpreter();
  image.file("srv/app/p/__init__.py", "\n")
      .file("srv/app/p/a.py", "from . import b\nfrom .sub import c, name\nfrom ..p import d\n");
  image.file("srv/app/p/b.py", "\n").file("srv/app/p/d.py", "\n");
  image.file("srv/app/p/sub/__init__.py", "__all__ = ['e']\n")
      .file("srv/app/p/sub/c.py", "\n")
      .file("srv/app/p/sub/e.py", "\n");
  image.file("srv/app/run.py", "from p.sub import *\n");
  EXPECT_THAT(image.edges("/srv/app/p/a.py"),
              IsSupersetOf({"import /srv/app/p/__init__.py", "import /srv/app/p/b.py",
                            "import /srv/app/p/sub/__init__.py", "import /srv/app/p/sub/c.py",
                            "import /srv/app/p/d.py"}));
  EXPECT_THAT(image.edges("/srv/app/p/a.py"), Not(Contains("import /srv/app/p/sub/e.py")));
  EXPECT_THAT(image.edges("/srv/app/run.py"), Contains("import /srv/app/p/sub/e.py"));
}

TEST(PythonEdges, NamespacePackagesLieInSeveralFolders) {
  PythonImage image;
  image.interpreter();
  image.file("usr/lib/python3/dist-packages/google/auth/__init__.py", "\n");
  image.file(at(site, "google/cloud/storage/__init__.py"), "\n");
  image.file("srv/main.py", "import google.cloud.storage\nfrom google import auth\n");
  EXPECT_THAT(
      image.edges("/srv/main.py"),
      UnorderedElementsAre("import /usr/local/lib/python3.11/dist-packages/google/cloud/storage/__init__.py",
                           "import /usr/lib/python3/dist-packages/google/auth/__init__.py"));
}

TEST(PythonEdges, APrefixKeepsTheModulesThatBeginSo) {
  PythonImage image;
  image.interpreter();
  image.file("srv/app/shop/__init__.py", "\n").file("srv/app/shop/exports/__init__.py", "\n");
  image.file("srv/app/shop/exports/csv_rows.py", "\n").file("srv/app/shop/exports/tree.py", "\n");
  image.file("srv/app/shop/other.py", "\n");
  image.file("srv/app/app.py",
             "import importlib\ndef f(n): return importlib.import_module('shop.exports.' + n)\n");
  EXPECT_THAT(image.edges("/srv/app/app.py"),
              UnorderedElementsAre("import /srv/app/shop/__init__.py likely",
                                   "import /srv/app/shop/exports/__init__.py likely",
                                   "import /srv/app/shop/exports/csv_rows.py likely",
                                   "import /srv/app/shop/exports/tree.py likely"));
}

TEST(PythonEdges, ByteCodeDataAndTheRecordBelongToAModule) {
  PythonImage image;
  image.interpreter();
  image.file(at(site, "shop/__init__.py"), "")
      .file(at(site, "shop/__pycache__/__init__.cpython-311.pyc"), "x");
  image.file(at(site, "shop/rates.json"), "{}").file(at(site, "shop/templates/a.html"), "x");
  image.file(at(site, "shop/tests/t.py"), "x=1\n")
      .file(at(site, "shop/x.pyi"), "x")
      .file(at(site, "shop/sub/m.py"), "x=1\n");
  image.file(at(site, "shop-1.0.dist-info/RECORD"),
             "shop/__init__.py,,\n../../../share/shop/a.cfg,,\n../../../bin/shop,,\n");
  image.file(at(site, "shop-1.0.dist-info/METADATA"), "Name: shop\n");
  image.file("usr/local/share/shop/a.cfg", "x").file("usr/local/bin/shop", "x");
  const std::string folder = "/usr/local/lib/python3.11/dist-packages/";
  EXPECT_THAT(
      image.edges(folder + "shop/__init__.py"),
      UnorderedElementsAre("module data " + folder + "shop/__pycache__/__init__.cpython-311.pyc likely",
                           "module data " + folder + "shop/rates.json likely",
                           "module data " + folder + "shop/templates likely whole",
                           "module data " + folder + "shop-1.0.dist-info likely whole",
                           "module data /usr/local/share/shop/a.cfg likely"));
}

TEST(PythonEdges, TheByteCodeOfALinkLiesBesideTheLink) {
  PythonImage image;
  image.interpreter();
  image.file("etc/python3.11/sitecustomize.py", "x = 1\n");
  image.symlink(at(stdlib, "sitecustomize.py"), "/etc/python3.11/sitecustomize.py");
  image.file(at(stdlib, "__pycache__/sitecustomize.cpython-311.pyc"), "x");
  EXPECT_THAT(
      image.edges("/usr/bin/python3.11"),
      IsSupersetOf({"import /etc/python3.11/sitecustomize.py likely",
                    "module data /usr/lib/python3.11/__pycache__/sitecustomize.cpython-311.pyc likely"}));
}

TEST(PythonEdges, APackageThatImportsMadeNamesIsKeptWhole) {
  PythonImage image;
  image.interpreter();
  image.file(at(site, "orm/__init__.py"),
             "import importlib\ndef load(n): return importlib.import_module(n)\n");
  image.file(at(site, "orm/dialects/one.py"), "x=1\n").file(at(site, "orm/tests/t.py"), "x=1\n");
  image.file(at(site, "plain/__init__.py"), "x=1\n").file(at(site, "plain/extra.py"), "x=1\n");
  const std::string folder = "/usr/local/lib/python3.11/dist-packages/";
  EXPECT_THAT(
      image.edges(folder + "orm/__init__.py"),
      AllOf(Contains("import " + folder + "orm/dialects/one.py likely"), Not(Contains(HasSubstr("tests")))));
  EXPECT_THAT(image.edges(folder + "plain/__init__.py"), IsEmpty());
}

TEST(PythonEdges, ACompiledModuleKeepsItsPackageAndWhatItsDistributionRequires) {
  PythonImage image;
  image.interpreter();
  image.library(at(site, "fast/_core.abi3.so"), {"secrets"});
  image.file(at(site, "fast/__init__.py"), "from . import _core\n").file(at(site, "fast/helper.py"), "x=1\n");
  image.file(at(site, "fast-1.dist-info/METADATA"), "Name: fast\nRequires-Dist: c-ffi\n");
  image.file(at(site, "fast-1.dist-info/RECORD"), "fast/__init__.py,,\n");
  image.file(at(site, "c_ffi.py"), "x=1\n").file(at(site, "C_FFI-2.dist-info/METADATA"), "Name: C.FFI\n");
  image.file(at(site, "C_FFI-2.dist-info/RECORD"), "c_ffi.py,,\n").file(at(stdlib, "secrets.py"), "x=1\n");
  const std::string folder = "/usr/local/lib/python3.11/dist-packages/";
  EXPECT_THAT(
      image.edges(folder + "fast/_core.abi3.so"),
      IsSupersetOf({"import " + folder + "fast/helper.py likely", "import " + folder + "c_ffi.py likely",
                    std::string("import /usr/lib/python3.11/secrets.py likely")}));
}

TEST(PythonEdges, EntryPointsOfAGroupThatIsAskedFor) {
  PythonImage image;
  image.interpreter();
  image.file(at(site, "plug-1.dist-info/entry_points.txt"),
             "[shop.plugins]\na = plug.a:run\n[other]\nb = plug.b\n");
  image.file(at(site, "plug/__init__.py"), "\n")
      .file(at(site, "plug/a.py"), "\n")
      .file(at(site, "plug/b.py"), "\n");
  image.file("srv/app.py",
             "from importlib.metadata import entry_points\nentry_points(group='shop.plugins')\n");
  const std::string folder = "/usr/local/lib/python3.11/dist-packages/";
  EXPECT_THAT(image.edges("/srv/app.py"), AllOf(Contains("import " + folder + "plug/a.py likely"),
                                                Not(Contains("import " + folder + "plug/b.py likely"))));
}

TEST(PythonEdges, StringsNamePathsProgramsAndLibraries) {
  PythonImage image;
  image.interpreter();
  image.program("usr/bin/sort").program("bin/sh").program("usr/bin/wc");
  image.file("srv/data/x.csv", "1\n").library("usr/lib/libfoo.so.1", {});
  image.file("srv/app.py",
             "import ctypes, subprocess\nopen('/srv/data/x.csv')\nsubprocess.run(['sort'])\n"
             "subprocess.run('wc -l', shell=True)\nctypes.CDLL('libfoo.so.1')\n");
  EXPECT_THAT(image.edges("/srv/app.py"),
              IsSupersetOf({"named path /srv/data/x.csv likely", "command /usr/bin/sort likely",
                            "command /bin/sh likely", "command /usr/bin/wc likely",
                            "library name /usr/lib/libfoo.so.1 likely"}));
}

TEST(PythonEdges, TheStandardLibrarysProgramsAndPromptsAreNoEvidence) {
  PythonImage image;
  image.interpreter();
  image.program("bin/sh").file(at(stdlib, "pydoc.py"), "x=1\n");
  image.file(at(stdlib, "_sitebuiltins.py"), "def f():\n    import pydoc\n");
  image.file(at(stdlib, "subprocess.py"), "shell = '/bin/sh'\nPopen(x, shell=True)\n");
  EXPECT_THAT(image.edges("/usr/lib/python3.11/subprocess.py"), IsEmpty());
  EXPECT_THAT(image.edges("/usr/lib/python3.11/_sitebuiltins.py"),
              ElementsAre("import /usr/lib/python3.11/pydoc.py possible"));
}

TEST(PythonEdges, AVirtualEnvironmentAddsItsPackages) {
  PythonImage image;
  image.interpreter();
  image.symlink("opt/venv/bin/python3", "/usr/bin/python3.11")
      .file("opt/venv/pyvenv.cfg", "home = /usr/bin\n");
  image.file("opt/venv/lib/python3.11/site-packages/shop.py", "x=1\n");
  image.script("opt/venv/bin/shop", "/opt/venv/bin/python3", "import shop\n");
  EXPECT_THAT(image.edges("/opt/venv/bin/shop"),
              Contains("import /opt/venv/lib/python3.11/site-packages/shop.py"));
  EXPECT_THAT(image.edges("/usr/bin/python3.11"), Contains("module data /opt/venv/pyvenv.cfg"));
}

TEST(PythonEdges, ArgumentsNameModules) {
  PythonImage image;
  image.config.working_dir = "/srv/app";
  image.config.env = {"SHOP_SETTINGS=shop.settings"};
  image.interpreter();
  image.file(at(stdlib, "runpy.py"), "x=1\n").file(at(site, "gunicorn/__init__.py"), "\n");
  image.file(at(site, "gunicorn/__main__.py"), "\n")
      .file(at(site, "run.py"), "\n")
      .file(at(stdlib, "json.py"), "\n");
  image.file("srv/app/shop/__init__.py", "\n")
      .file("srv/app/shop/web.py", "\n")
      .file("srv/app/shop/settings.py", "\n");
  const std::vector<std::string> told =
      image.arguments("/usr/bin/python3.11", {"-u", "-m", "gunicorn", "run", "shop.web:app"});
  EXPECT_THAT(told, IsSupersetOf({"/usr/local/lib/python3.11/dist-packages/gunicorn/__init__.py",
                                  "/usr/local/lib/python3.11/dist-packages/gunicorn/__main__.py",
                                  "/usr/lib/python3.11/runpy.py", "/srv/app/shop/__init__.py",
                                  "/srv/app/shop/web.py", "/srv/app/shop/settings.py"}));
  EXPECT_THAT(told, Not(Contains("/usr/local/lib/python3.11/dist-packages/run.py")));
  EXPECT_THAT(image.arguments("/usr/bin/python3.11", {"-c", "import json"}),
              Contains("/usr/lib/python3.11/json.py"));
}

TEST(PythonEdges, HostileTreesEnd) {
  PythonImage image;
  image.interpreter();
  image.symlink("srv/loop.py", "loop.py").symlink("srv/app/p", "../app");
  std::string deep;
  for (int i = 0; i < 300; ++i) deep += "p.";
  image.file("srv/app/__init__.py", "\n");
  image.file("srv/app/main.py",
             "import loop\nimport " + deep + "x\nfrom " + std::string(200, '.') + " import y\n");
  image.edges("/srv/app/main.py");
  image.file("usr/local/lib/python3.11/dist-packages/self.pth", ".\n..\n/\n");
  image.edges("/usr/bin/python3.11");
}

}  // namespace
}  // namespace slim
