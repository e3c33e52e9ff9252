#include "analyzer/python.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "analyzer/code_facts.h"

namespace slim {
namespace {

TEST(Python, FilesAreKnownByTheirNames) {
  for (const char* path :
       {"srv/app.py", "usr/lib/python3/dist-packages/x.pth", "x/y-1.dist-info/RECORD",
        "x/y.egg-info/top_level.txt", "x/y-1.egg-info", "x/_y.cpython-311-x86_64-linux-gnu.so",
        "x/_y.abi3.so", "v/lib/python3.11/site-packages/y.so"})
    EXPECT_TRUE(is_python_file(path)) << path;
  for (const char* path : {"srv/app.pyc", "srv/RECORD", "usr/lib/libpython3.11.so", "usr/lib/x.so", "x.pyi",
                           "v/site-packages/torch/lib/libtorch.so", "x/y-1.dist-info/LICENSE"})
    EXPECT_FALSE(is_python_file(path)) << path;
}

TEST(Python, InterpretersAreKnownByTheirNames) {
  for (const char* name : {"python", "python3", "/usr/bin/python3.11", "python3.13t", "/opt/v/bin/python2.7"})
    EXPECT_TRUE(is_python_interpreter(name)) << name;
  for (const char* name : {"python3-config", "pythonw.exe", "ipython", "/usr/lib/python3/x", ""})
    EXPECT_FALSE(is_python_interpreter(name)) << name;
}

TEST(Python, EachFileIsReadByItsKind) {
  EXPECT_EQ(scan_python("a/b.pth", "../x\n").at(0).use, static_cast<int>(PythonUse::search_path));
  EXPECT_EQ(scan_python("a/b-1.dist-info/RECORD", "x.py,,\n").at(0).use,
            static_cast<int>(PythonUse::top_level));
  EXPECT_EQ(scan_python("a/b-1.dist-info/METADATA", "Name: b\n").at(0).use,
            static_cast<int>(PythonUse::project));
  EXPECT_EQ(scan_python("a/b.egg-info", "Name: b\n").at(0).use, static_cast<int>(PythonUse::project));
  EXPECT_EQ(scan_python("a/b.egg-info/requires.txt", "c\n").at(0).use,
            static_cast<int>(PythonUse::requirement));
  EXPECT_EQ(scan_python("usr/bin/tool", "import c\n").at(0).use, static_cast<int>(PythonUse::import));
}

}  // namespace
}  // namespace slim
