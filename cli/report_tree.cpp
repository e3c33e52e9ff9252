// Sums go up the tree: parents are numbered before their children, so one pass from the last node to the
// first has every folder complete before it is added to its own.
#include "cli/report_tree.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <ostream>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "analyzer/file_tree.h"
#include "analyzer/layer_index.h"
#include "cli/escape.h"
#include "cli/report.h"
#include "cli/terminal.h"
#include "slimmer/plan.h"

namespace slim {
namespace {

struct Sum {
  std::uint64_t bytes = 0;
  std::uint64_t kept = 0;
  std::uint64_t files = 0;
};

std::vector<Sum> sums_of(const Report& report) {
  const FileTree& tree = report.analysis->contents.tree;
  const std::vector<bool> kept = report.analysis->plan.kept_inodes(tree);
  std::vector<Sum> sums(tree.size());
  for (std::size_t i = tree.size(); i-- > 1;) {
    const auto node = static_cast<NodeId>(i);
    Sum& sum = sums[node];
    if (!tree.is(node, EntryType::directory) && tree.inode_of(node).names.front() == node) {
      const std::uint64_t size = tree.entry(node).size;
      sum = {.bytes = size, .kept = kept[tree.node(node).inode] ? size : 0, .files = 1};
    }
    Sum& folder = sums[tree.node(node).parent];
    folder.bytes += sum.bytes;
    folder.kept += sum.kept;
    folder.files += sum.files;
  }
  return sums;
}

class TreeText {
 public:
  TreeText(const Report& report, std::size_t top, std::size_t columns, const TextStyle& style,
           std::ostream& out)
      : tree_(&report.analysis->contents.tree),
        sums_(sums_of(report)),
        top_(top),
        columns_(columns),
        style_(style),
        out_(&out) {}

  void print(std::size_t depth) const {
    *out_ << paint(style_, Colour::bold,
                   fmt::format("{}{:>10}{:>10}{:>11}{:>9}", padded("TREE", columns_ + 1), "SIZE", "NEEDED",
                               "REMOVABLE", "FILES"))
          << '\n';
    line("/", sums_[root_node]);
    below(root_node, "", depth);
  }

 private:
  /// Recursion as deep as the user asked for.
  void below(NodeId folder, const std::string& margin, std::size_t depth) const {
    if (depth == 0) return;
    std::vector<NodeId> folders;
    for (const NodeId child : tree_->node(folder).children) {
      if (tree_->is(child, EntryType::directory) && sums_[child].files > 0) folders.push_back(child);
    }
    std::ranges::stable_sort(folders, std::greater(), [this](NodeId id) { return sums_[id].bytes; });
    const std::size_t shown = std::min(top_, folders.size());
    Sum rest = sums_[folder];  // the folder's own files, and the folders that are not shown
    for (std::size_t i = 0; i < shown; ++i) {
      const Sum& sum = sums_[folders[i]];
      rest.bytes -= sum.bytes;
      rest.kept -= sum.kept;
      rest.files -= sum.files;
    }
    for (std::size_t i = 0; i < shown; ++i) {
      const bool last = i + 1 == shown && rest.files == 0;
      line(margin + (last ? "└── " : "├── ") + terminal_text(tree_->node(folders[i]).name),
           sums_[folders[i]]);
      below(folders[i], margin + (last ? "    " : "│   "), depth - 1);
    }
    if (rest.files == 0 || shown == 0) return;
    const std::size_t more = folders.size() - shown;
    line(margin + "└── " +
             (more == 0 ? "its own files" : fmt::format("its own files and {} more folders", more)),
         rest);
  }

  void line(const std::string& name, const Sum& sum) const {
    const std::uint64_t removable = sum.bytes - sum.kept;
    *out_ << fmt::format(
        "{} {:>10}{}{}{:>9}\n", padded(terminal_text(name, columns_), columns_), human_size(sum.bytes),
        paint(style_, Colour::green, fmt::format("{:>10}", sum.kept == 0 ? "-" : human_size(sum.kept))),
        paint(style_, Colour::yellow, fmt::format("{:>11}", removable == 0 ? "-" : human_size(removable))),
        human_count(sum.files));
  }

  const FileTree* tree_;
  std::vector<Sum> sums_;
  std::size_t top_;
  std::size_t columns_;
  TextStyle style_;
  std::ostream* out_;
};

}  // namespace

void render_tree(const Report& report, std::size_t depth, std::size_t top, std::size_t columns,
                 const TextStyle& style, std::ostream& out) {
  TreeText(report, top, columns, style, out).print(depth);
}

}  // namespace slim
