// The bounds; what extraction makes is tested in containers, in oci_sandbox_test.cpp.
#include "runner/extract.h"

#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <stdlib.h>
#include <string>
#include <unistd.h>
#include <vector>

#include <gtest/gtest.h>

#include "analyzer/error.h"
#include "analyzer/unique_fd.h"

namespace slim {
namespace {

std::vector<LayerIndex> layers_with(std::uint64_t first, std::uint64_t second) {
  LayerEntry a;
  a.path = "a";
  a.size = first;
  LayerEntry b = a;
  b.path = "b";
  b.size = second;
  std::vector<LayerIndex> layers(1);
  layers[0].entries = {a, b};
  return layers;
}

std::string complaint(const FileTree& tree, std::uint64_t compressed, const ExtractBounds& bounds) {
  try {
    check_bounds(tree, compressed, "image.tar", bounds);
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::input);
    return error.what();
  }
  return "";
}

TEST(ExtractBounds, BytesAreAddedWithoutOverflow) {
  const auto layers = layers_with(UINT64_MAX - 1, UINT64_MAX - 1);
  const auto tree = FileTree::squash(layers);
  EXPECT_EQ(complaint(tree, unknown_size, {}), "image.tar: its files have more than 137438953472 bytes");
}

TEST(ExtractBounds, EntriesAreCounted) {
  const auto layers = layers_with(1, 1);
  const auto tree = FileTree::squash(layers);
  EXPECT_EQ(complaint(tree, 10, {.entries = 2}), "image.tar: it has more than 2 entries");
  EXPECT_EQ(complaint(tree, 10, {}), "");
}

TEST(ExtractBounds, ASmallBlobMayNotExpandWithoutEnd) {
  const auto layers = layers_with(3ULL << 30, 1);
  const auto tree = FileTree::squash(layers);
  EXPECT_EQ(complaint(tree, 1U << 20, {}),
            "image.tar: its layers of 1048576 bytes expand to 3221225473, more than 1000 times as much");
  EXPECT_EQ(complaint(tree, 100U << 20, {}), "");
  EXPECT_EQ(complaint(tree, unknown_size, {}), "");
}

TEST(OpenInRoot, SymlinksCannotLeadOut) {
  std::string folder = std::filesystem::temp_directory_path() / "slim-root.XXXXXX";
  ASSERT_NE(::mkdtemp(folder.data()), nullptr);
  std::filesystem::create_directory(folder + "/etc");
  std::ofstream(folder + "/etc/passwd") << "inside";
  std::filesystem::create_symlink("/etc/passwd", folder + "/absolute");
  std::filesystem::create_symlink("../../../../etc/passwd", folder + "/climbing");
  std::filesystem::create_symlink("/proc/self/root", folder + "/magic");
  const UniqueFd root(::open(folder.c_str(), O_PATH | O_DIRECTORY));
  for (const auto* path : {"absolute", "climbing", "/etc/../../etc/passwd"}) {
    const UniqueFd file(open_in_root(root.get(), path, O_RDONLY));
    ASSERT_TRUE(static_cast<bool>(file)) << path;
    std::string text(6, '\0');
    ASSERT_EQ(::read(file.get(), text.data(), text.size()), 6) << path;
    EXPECT_EQ(text, "inside") << path;
  }
  EXPECT_FALSE(static_cast<bool>(UniqueFd(open_in_root(root.get(), "magic", O_RDONLY))));
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace slim
