// The text is short: a folder that one image has alone stands for all that is in it, the biggest comes first,
// and what differs in its time alone is only counted. The JSON has every path.
#include "cli/diff_report.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <ostream>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "analyzer/digest.h"
#include "analyzer/file_tree.h"
#include "analyzer/image.h"
#include "analyzer/image_contents.h"
#include "analyzer/image_diff.h"
#include "analyzer/layer_index.h"
#include "cli/escape.h"
#include "cli/json_output.h"
#include "cli/terminal.h"

namespace slim {
namespace {

using json = nlohmann::ordered_json;

constexpr std::size_t shown_paths = 12;
constexpr std::size_t shown_folders = 8;

/// The value of one side as it may be shown.
std::string shown_value(const DiffReport& report, const ConfigDifference& difference,
                        const std::string& value) {
  if (report.show_secrets) return value;
  return difference.name.empty() ? redacted_words(value) : redacted(difference.name, value);
}

std::string file_count(std::uint64_t count) {
  return human_count(count) + (count == 1 ? " file" : " files");
}

/// "+1.2 MB", "-300 B".
std::string signed_size(std::uint64_t a, std::uint64_t b) {
  return b >= a ? "+" + human_size(b - a) : "-" + human_size(a - b);
}

bool is_time_only(const PathDifference& difference) {
  return difference.aspects.size() == 1 && difference.aspects.front() == Aspect::time;
}

/// A path that one image has alone; a folder with what is in it.
struct Alone {
  std::string path;
  std::uint64_t files = 0;
  std::uint64_t bytes = 0;
};

class TextDiff {
 public:
  TextDiff(const DiffReport& report, const TextStyle& style, std::ostream& out)
      : report_(&report), style_(style), out_(&out), width_(std::clamp<std::size_t>(style.width, 60, 140)) {}

  void render() {
    side("A", *report_->a, report_->diff.a);
    side("B", *report_->b, report_->diff.b);
    if (report_->diff.same()) {
      line(paint(style_, Colour::green, "same") +
           (report_->options.ignore_time ? "  times not compared" : ""));
      return;
    }
    config();
    changed();
    alone("ADDED", '+', Colour::green, report_->b->tree, &PathDifference::b, &PathDifference::a);
    alone("REMOVED", '-', Colour::red, report_->a->tree, &PathDifference::a, &PathDifference::b);
    folders();
    if (cut_) {
      line("");
      line(dim("--all shows every path, --format json every detail"));
    }
  }

 private:
  void line(const std::string& text) { *out_ << text << '\n'; }
  [[nodiscard]] std::string bold(std::string_view text) const { return paint(style_, Colour::bold, text); }
  [[nodiscard]] std::string dim(std::string_view text) const { return paint(style_, Colour::dim, text); }
  [[nodiscard]] std::size_t limit() const { return report_->all ? SIZE_MAX : shown_paths; }

  void side(const char* name, const ImageContents& contents, const TreeSize& size) {
    const Image& image = contents.image();
    line(fmt::format("{}  {:>10} {:>9} files  {}  {}", bold(name), human_size(size.bytes),
                     human_count(size.files), terminal_text(image.reference, width_ - 60),
                     dim(terminal_text(image.digest.text().substr(0, 19)))));
  }

  void more(std::size_t shown, std::size_t all, std::string_view what) {
    if (shown >= all) return;
    line(dim(fmt::format("    {} more {}", human_count(all - shown), what)));
    cut_ = true;
  }

  void config() {
    const auto& differences = report_->diff.config;
    if (differences.empty()) return;
    line("");
    line(bold(fmt::format("CONFIG  {}", differences.size())));
    for (const ConfigDifference& difference : differences) {
      const std::string name =
          difference.name.empty() ? difference.key : difference.key + " " + difference.name;
      const std::size_t room = (width_ - std::min<std::size_t>(name.size(), 30) - 10) / 2;
      const auto value = [&](const std::optional<std::string>& side) {
        return terminal_text(shown_value(*report_, difference, *side), room);
      };
      std::string text;
      char sign = '~';
      if (!difference.a) {
        sign = '+';
        text = value(difference.b);
      } else if (!difference.b) {
        sign = '-';
        text = value(difference.a);
      } else {
        text = value(difference.a) + " -> " + value(difference.b);
      }
      line(fmt::format("  {} {}{}{}", sign, terminal_text(name, 40), text.empty() ? "" : "  ", text));
    }
  }

  void changed() {
    std::vector<const PathDifference*> differences;
    std::size_t time_only = 0;
    for (const PathDifference& difference : report_->diff.paths) {
      if (difference.aspects.empty()) continue;
      if (is_time_only(difference)) {
        ++time_only;
        if (!report_->all) continue;
      }
      differences.push_back(&difference);
    }
    if (differences.empty() && time_only == 0) return;
    line("");
    line(bold(fmt::format("CHANGED  {}", human_count(differences.size()))));
    const std::size_t count = std::min(differences.size(), limit());
    for (std::size_t i = 0; i < count; ++i) {
      line(fmt::format("  {} {}  {}", paint(style_, Colour::yellow, "~"),
                       terminal_text(differences[i]->path, width_ - 30), what_changed(*differences[i])));
    }
    more(count, differences.size(), "paths");
    if (time_only > 0 && !report_->all) {
      line(dim(fmt::format("    {} more in their time alone", human_count(time_only))));
      cut_ = true;
    }
  }

  /// "content 12 B -> 14 B, mode 0755 -> 0644".
  [[nodiscard]] std::string what_changed(const PathDifference& difference) const {
    const LayerEntry& a = report_->a->tree.entry(difference.a);
    const LayerEntry& b = report_->b->tree.entry(difference.b);
    std::string text;
    for (const Aspect aspect : difference.aspects) {
      if (!text.empty()) text += ", ";
      text += to_string(aspect);
      text += detail(aspect, a, b);
    }
    return text;
  }

  static std::string detail(Aspect aspect, const LayerEntry& a, const LayerEntry& b) {
    switch (aspect) {
      case Aspect::type:
        return fmt::format(" {} -> {}", to_string(a.type), to_string(b.type));
      case Aspect::content:
        return a.size == b.size ? fmt::format(" ({})", human_size(a.size))
                                : fmt::format(" {} -> {}", human_size(a.size), human_size(b.size));
      case Aspect::link:
        return fmt::format(" {} -> {}", terminal_text(a.link, 40), terminal_text(b.link, 40));
      case Aspect::mode:
        return fmt::format(" {:04o} -> {:04o}", a.mode, b.mode);
      case Aspect::owner:
        return fmt::format(" {}:{} -> {}:{}", a.uid, a.gid, b.uid, b.gid);
      case Aspect::device:
        return fmt::format(" {}:{} -> {}:{}", a.device.major, a.device.minor, b.device.major, b.device.minor);
      case Aspect::xattrs:
      case Aspect::time:
        return "";
    }
    return "";
  }

  void alone(const char* title, char sign, Colour colour, const FileTree& tree, NodeId PathDifference::* own,
             NodeId PathDifference::* other) {
    std::vector<Alone> tops;
    std::unordered_map<NodeId, std::size_t> top_of;
    std::uint64_t files = 0;
    std::uint64_t bytes = 0;
    for (const PathDifference& difference : report_->diff.paths) {  // a folder comes before what is in it
      const NodeId node = difference.*own;
      if (node == no_node || difference.*other != no_node) continue;
      const bool folder = tree.is(node, EntryType::directory);
      const auto above = top_of.find(tree.node(node).parent);
      const std::size_t top = above == top_of.end() || report_->all ? tops.size() : above->second;
      if (top == tops.size()) tops.push_back({.path = difference.path + (folder ? "/" : "")});
      top_of.emplace(node, top);
      if (folder) continue;
      const std::uint64_t size = tree.inode_of(node).names.front() == node ? tree.entry(node).size : 0;
      ++tops[top].files;
      tops[top].bytes += size;
      ++files;
      bytes += size;
    }
    if (tops.empty()) return;
    if (!report_->all) std::ranges::stable_sort(tops, std::greater(), &Alone::bytes);
    line("");
    line(fmt::format("{}  {}, {}", bold(title), file_count(files), human_size(bytes)));
    const std::size_t count = std::min(tops.size(), limit());
    for (std::size_t i = 0; i < count; ++i) {
      const bool folder = tops[i].path.ends_with('/');
      line(fmt::format("  {} {:>10}  {}{}", paint(style_, colour, std::string_view(&sign, 1)),
                       human_size(tops[i].bytes), terminal_text(tops[i].path, width_ - 35),
                       folder && !report_->all ? dim("  " + file_count(tops[i].files)) : ""));
    }
    more(count, tops.size(), "paths and folders");
  }

  void folders() {
    const auto& folders = report_->diff.folders;
    if (folders.empty()) return;
    line("");
    line(bold(fmt::format("{:<44}{:>10}{:>10}{:>11}", "SIZE BY FOLDER", "A", "B", "CHANGE")));
    const std::size_t count = std::min(folders.size(), report_->all ? SIZE_MAX : shown_folders);
    for (std::size_t i = 0; i < count; ++i) {
      line(fmt::format("{:<44}{:>10}{:>10}{:>11}", terminal_text(folders[i].folder, 43),
                       human_size(folders[i].a), human_size(folders[i].b),
                       signed_size(folders[i].a, folders[i].b)));
    }
    more(count, folders.size(), "folders");
  }

  const DiffReport* report_;
  TextStyle style_;
  std::ostream* out_;
  std::size_t width_;
  bool cut_ = false;  ///< something was left out
};

json image_json(const ImageContents& contents, const TreeSize& size) {
  const Image& image = contents.image();
  return {{"ref", image.reference},        {"name", image.name},
          {"digest", image.digest.text()}, {"config_digest", image.config_digest.text()},
          {"files", size.files},           {"bytes", size.bytes}};
}

json config_json(const DiffReport& report) {
  json differences = json::array();
  for (const ConfigDifference& difference : report.diff.config) {
    const auto value = [&](const std::optional<std::string>& side) {
      return side ? json(shown_value(report, difference, *side)) : json(nullptr);
    };
    differences.push_back({{"key", difference.key},
                           {"name", difference.name},
                           {"a", value(difference.a)},
                           {"b", value(difference.b)}});
  }
  return differences;
}

json folders_json(const DiffReport& report) {
  json folders = json::array();
  for (const FolderDifference& folder : report.diff.folders) {
    folders.push_back({{"path", folder.folder}, {"a", folder.a}, {"b", folder.b}});
  }
  return folders;
}

json side_json(const FileTree& tree, NodeId node) {
  if (node == no_node) return nullptr;
  const Inode& inode = tree.inode_of(node);
  const LayerEntry& entry = *inode.entry;
  json side = {{"type", to_string(entry.type)},
               {"size", entry.size},
               {"mode", fmt::format("{:04o}", entry.mode)},
               {"uid", entry.uid},
               {"gid", entry.gid},
               {"mtime", entry.mtime},
               {"layer", inode.layer}};
  if (entry.content_hash) side["sha256"] = to_hex(*entry.content_hash);
  if (entry.type == EntryType::symlink) side["link"] = entry.link;
  if (!entry.xattrs.empty()) {
    json names = json::array();
    for (const Xattr& xattr : entry.xattrs) names.push_back(xattr.name);
    side["xattrs"] = names;
  }
  return side;
}

json path_json(const DiffReport& report, const PathDifference& difference) {
  json aspects = json::array();
  for (const Aspect aspect : difference.aspects) aspects.push_back(to_string(aspect));
  const char* change = "changed";
  if (difference.a == no_node) change = "added";
  if (difference.b == no_node) change = "removed";
  return {{"path", difference.path},
          {"change", change},
          {"aspects", aspects},
          {"a", side_json(report.a->tree, difference.a)},
          {"b", side_json(report.b->tree, difference.b)}};
}

json counts_json(const ImageDiff& diff) {
  std::size_t added = 0;
  std::size_t removed = 0;
  for (const PathDifference& difference : diff.paths) {
    if (difference.a == no_node) ++added;
    if (difference.b == no_node) ++removed;
  }
  return {{"added", added}, {"removed", removed}, {"changed", diff.paths.size() - added - removed}};
}

}  // namespace

void render_diff(const DiffReport& report, const TextStyle& style, std::ostream& out) {
  TextDiff(report, style, out).render();
}

void render_diff_json(const DiffReport& report, std::ostream& out) {
  const json head = {{"schema_version", 1},
                     {"tool", tool_json()},
                     {"result", report.diff.same() ? "same" : "different"},
                     {"ignored", report.options.ignore_time ? json::array({"time"}) : json::array()},
                     {"a", image_json(*report.a, report.diff.a)},
                     {"b", image_json(*report.b, report.diff.b)},
                     {"counts", counts_json(report.diff)},
                     {"config", config_json(report)},
                     {"folders", folders_json(report)}};
  out << "{\n";
  for (const auto& [key, value] : head.items()) out << "  \"" << key << "\": " << dump(value, 2) << ",\n";
  out << "  \"paths\": [";  // one by one: there may be a million
  const char* separator = "\n    ";
  for (const PathDifference& difference : report.diff.paths) {
    out << separator << dump(path_json(report, difference), -1);
    separator = ",\n    ";
  }
  out << "\n  ]\n}\n";
}

}  // namespace slim
