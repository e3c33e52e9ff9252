#include "analyzer/name_table.h"

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

namespace slim {
namespace {

/// Nodes with their keys, as a tree has them; the table under test and a map that says what is right.
class NameTableTest : public testing::Test {
 protected:
  std::uint32_t find(std::uint32_t parent, const std::string& name) {
    return table_.find(NameTable::hash_of(parent, name),
                       [&](std::uint32_t node) { return keys_[node] == std::pair(parent, name); });
  }
  void add(std::uint32_t parent, const std::string& name) {
    const auto node = static_cast<std::uint32_t>(keys_.size());
    keys_.emplace_back(parent, name);
    table_.insert(NameTable::hash_of(parent, name), node);
    right_[keys_.back()] = node;
  }
  void erase(std::uint32_t parent, const std::string& name) {
    const auto found = right_.find({parent, name});
    table_.erase(NameTable::hash_of(parent, name), found->second);
    right_.erase(found);
  }

  NameTable table_;
  std::vector<std::pair<std::uint32_t, std::string>> keys_;
  std::map<std::pair<std::uint32_t, std::string>, std::uint32_t> right_;
};

TEST_F(NameTableTest, FindsNothingWhereNothingIs) {
  EXPECT_EQ(find(0, "a"), NameTable::none);
  add(0, "a");
  EXPECT_EQ(find(0, "a"), 0U);
  EXPECT_EQ(find(1, "a"), NameTable::none);
  EXPECT_EQ(find(0, "b"), NameTable::none);
  erase(0, "a");
  EXPECT_EQ(find(0, "a"), NameTable::none);
}

TEST_F(NameTableTest, KeepsWhatIsThereThroughGrowthAndErasure) {
  for (std::uint32_t round = 0; round < 20; ++round) {
    for (std::uint32_t i = 0; i < 500; ++i) add(i % 7, std::to_string(round) + "/" + std::to_string(i));
    for (std::uint32_t i = 0; i < 500; i += 1 + round % 2)
      erase(i % 7, std::to_string(round) + "/" + std::to_string(i));
    for (const auto& [key, node] : right_) EXPECT_EQ(find(key.first, key.second), node);
    EXPECT_EQ(find(0, std::to_string(round) + "/0"), NameTable::none);
  }
}

TEST(NameTable, NodesOfOneHashAreToldApart) {
  NameTable table;
  for (std::uint32_t node = 0; node < 100; ++node) table.insert(42, node);
  for (std::uint32_t node = 0; node < 100; node += 2) table.erase(42, node);
  for (std::uint32_t wanted = 0; wanted < 100; ++wanted) {
    const auto is_it = [wanted](std::uint32_t node) { return node == wanted; };
    EXPECT_EQ(table.find(42, is_it), wanted % 2 == 0 ? NameTable::none : wanted);
  }
}

}  // namespace
}  // namespace slim
