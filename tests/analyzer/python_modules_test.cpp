#include "analyzer/python_modules.h"

#include <string>
#include <string_view>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "analyzer/file_tree.h"
#include "tests/analyzer/tree_fixture.h"

namespace slim {
namespace {

using test::file;
using test::folder;
using test::OwnedTree;
using test::symlink;
using testing::ElementsAre;
using testing::IsEmpty;

const PythonTags tags{.version = "3.11"};

std::string found(const OwnedTree& owned, const std::vector<std::string>& folders, std::string_view name) {
  std::vector<NodeId> nodes;
  for (const std::string& path : folders) nodes.push_back(owned.tree.find(path));
  const PythonModule module = find_python_module(owned.tree, nodes, name, tags);
  std::string text = module.file.node == no_node ? "-" : owned.tree.path(module.file.node);
  for (const NodeId folder : module.folders) text += " in " + owned.tree.path(folder);
  return text;
}

TEST(PythonModules, PackagesComeBeforeExtensionsBeforeSourceBeforeByteCode) {
  const OwnedTree owned({file("a/x/__init__.py"), file("a/x.py"), file("a/y.cpython-311-x86_64-linux-gnu.so"),
                         file("a/y.py"), file("a/z.abi3.so"), file("a/z.cpython-312-x86_64-linux-gnu.so"),
                         file("a/w.pyc"), file("a/v.py"), file("a/v.pyc"), file("a/u.cpython-39-x.so")});
  EXPECT_EQ(found(owned, {"a"}, "x"), "/a/x/__init__.py in /a/x");
  EXPECT_EQ(found(owned, {"a"}, "y"), "/a/y.cpython-311-x86_64-linux-gnu.so");
  EXPECT_EQ(found(owned, {"a"}, "z"), "/a/z.abi3.so");
  EXPECT_EQ(found(owned, {"a"}, "w"), "/a/w.pyc");
  EXPECT_EQ(found(owned, {"a"}, "v"), "/a/v.py");
  EXPECT_EQ(found(owned, {"a"}, "u"), "-");
}

TEST(PythonModules, TheFirstFolderWinsAndNamespacePackagesAreUnited) {
  const OwnedTree owned({file("a/ns/one.py"), file("b/ns/two.py"), file("b/m.py"), file("c/m.py"),
                         file("c/ns2/x"), file("d/ns2.py")});
  EXPECT_EQ(found(owned, {"a", "b"}, "ns"), "- in /a/ns in /b/ns");
  EXPECT_EQ(found(owned, {"b", "c"}, "m"), "/b/m.py");
  EXPECT_EQ(found(owned, {"c", "d"}, "ns2"), "/d/ns2.py");
  EXPECT_EQ(found(owned, {"a", "b"}, "nothing"), "-");
}

TEST(PythonModules, LinksAreFollowedAndTold) {
  const OwnedTree owned({file("real/x.py"), folder("a"), symlink("a/x.py", "../real/x.py"),
                         file("real/p/__init__.py"), symlink("a/p", "../real/p"),
                         symlink("a/gone.py", "nowhere")});
  const std::vector<NodeId> folders{owned.tree.find("a")};
  const PythonModule module = find_python_module(owned.tree, folders, "x", tags);
  EXPECT_EQ(owned.tree.path(module.file.node), "/real/x.py");
  EXPECT_THAT(module.file.symlinks, ElementsAre(owned.tree.find("a/x.py")));
  const PythonModule package = find_python_module(owned.tree, folders, "p", tags);
  EXPECT_EQ(owned.tree.path(package.file.node), "/real/p/__init__.py");
  EXPECT_THAT(package.file.symlinks, ElementsAre(owned.tree.find("a/p")));
  EXPECT_FALSE(find_python_module(owned.tree, folders, "gone", tags).found());
}

TEST(PythonModules, ByteCodeIsThatOfTheVersion) {
  const OwnedTree owned(
      {file("a/x.py"), file("a/__pycache__/x.cpython-311.pyc"), file("a/__pycache__/x.cpython-311.opt-1.pyc"),
       file("a/__pycache__/x.cpython-312.pyc"), file("a/__pycache__/xy.cpython-311.pyc"), file("b/y.py")});
  std::vector<std::string> paths;
  for (const NodeId node : python_byte_code(owned.tree, owned.tree.find("a/x.py"), tags))
    paths.push_back(owned.tree.path(node));
  EXPECT_THAT(paths,
              ElementsAre("/a/__pycache__/x.cpython-311.opt-1.pyc", "/a/__pycache__/x.cpython-311.pyc"));
  EXPECT_THAT(python_byte_code(owned.tree, owned.tree.find("b/y.py"), tags), IsEmpty());
}

TEST(PythonModules, ModulesOfAFolderWithoutTests) {
  const OwnedTree owned({file("a/x.py"), file("a/x.pyc"), file("a/y.cpython-311-x.so"), file("a/p/q.py"),
                         file("a/tests/t.py"), file("a/__pycache__/x.pyc"), file("a/data.txt"),
                         file("a/z.pyi"), file("a/n-1.dist-info/RECORD")});
  EXPECT_THAT(python_modules_in(owned.tree, owned.tree.find("a")), ElementsAre("p", "x", "y"));
}

}  // namespace
}  // namespace slim
