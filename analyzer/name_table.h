// The nodes of a tree that is being built, by parent and name. A million paths are looked up many times over,
// so the table holds numbers only: open addressing with linear probing, the keys staying where the nodes are.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <string_view>
#include <utility>
#include <vector>

namespace slim {

class NameTable {
 public:
  static constexpr std::uint32_t none = std::numeric_limits<std::uint32_t>::max();

  static std::uint32_t hash_of(std::uint32_t parent, std::string_view name) {
    const std::size_t hash =
        std::hash<std::string_view>()(name) ^ (std::size_t{parent} * 0x9E3779B97F4A7C15U);
    return static_cast<std::uint32_t>(hash ^ (hash >> 32U));
  }

  /// The node among those of this hash for which `is_it` holds, or none.
  template <typename Predicate>
  [[nodiscard]] std::uint32_t find(std::uint32_t hash, Predicate&& is_it) const {
    if (slots_.empty()) return none;
    for (std::size_t at = hash & mask();; at = (at + 1) & mask()) {
      const Slot& slot = slots_[at];
      if (slot.node == none) return none;
      if (slot.node != erased && slot.hash == hash && is_it(slot.node)) return slot.node;
    }
  }

  /// Adds a node that is not there yet.
  void insert(std::uint32_t hash, std::uint32_t node) {
    if (used_ + used_ / 2 >= slots_.size()) grow();
    place(hash, node);
    ++used_;
    ++nodes_;
  }

  /// Takes a node away that is there.
  void erase(std::uint32_t hash, std::uint32_t node) {
    std::size_t at = hash & mask();
    while (slots_[at].node != node) at = (at + 1) & mask();
    slots_[at].node = erased;
    --nodes_;
  }

 private:
  static constexpr std::uint32_t erased = none - 1;
  struct Slot {
    std::uint32_t hash = 0;
    std::uint32_t node = none;
  };

  [[nodiscard]] std::size_t mask() const { return slots_.size() - 1; }

  void place(std::uint32_t hash, std::uint32_t node) {
    std::size_t at = hash & mask();
    while (slots_[at].node != none) at = (at + 1) & mask();
    slots_[at] = {.hash = hash, .node = node};
  }

  /// Twice as large, or as large as before where it is full of erased ones.
  void grow() {
    constexpr std::size_t smallest = 64;
    std::size_t size = smallest;
    while (size < 2 * (nodes_ + 1)) size *= 2;
    const std::vector<Slot> before = std::exchange(slots_, std::vector<Slot>(size));
    used_ = nodes_;
    for (const Slot& slot : before) {
      if (slot.node < erased) place(slot.hash, slot.node);
    }
  }

  std::vector<Slot> slots_;  ///< a power of two of them
  std::size_t used_ = 0;     ///< slots that are not free: nodes, and erased ones
  std::size_t nodes_ = 0;
};

}  // namespace slim
