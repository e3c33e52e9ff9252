// Limits are a twentieth above what is measured, rounded up to three digits: less than 6.1 % above it
// together, so that a growth of a tenth is seen.
#include "cli/gate_init.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "analyzer/findings.h"
#include "cli/gate_facts.h"
#include "cli/policy.h"

namespace slim {
namespace {

constexpr double room = 1.05;
constexpr std::string_view floor_text = "1MB";  // default_floor
constexpr Severity least = Severity::medium;

/// 63.4MB: three digits, not less than `bytes`.
std::string size_above(double bytes) {
  constexpr std::array<std::string_view, 6> units{"", "kB", "MB", "GB", "TB", "PB"};
  std::size_t unit = 0;
  while (bytes > 999 && unit + 1 < units.size()) {
    bytes /= 1000;
    ++unit;
  }
  const int places = unit == 0 || bytes > 99.9 ? 0 : bytes > 9.99 ? 1 : 2;
  const double step = std::pow(10, places);
  return fmt::format("{:.{}f}{}", std::ceil(bytes * step) / step, places, units.at(unit));
}

std::string limit_above(std::uint64_t bytes) {
  return size_above(std::max(room * static_cast<double>(bytes), 1.0));
}

/// A whole percentage above; one that is usual where the floor covers `part` and its share says little.
int percent_above(std::uint64_t part, std::uint64_t whole) {
  constexpr int usual = 10;
  if (whole == 0 || part <= default_floor) return usual;
  return static_cast<int>(std::floor(room * 100 * static_cast<double>(part) / static_cast<double>(whole))) +
         1;
}

/// In double quotes, printable ASCII.
std::string quoted(std::string_view text) {
  std::string result = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') result += '\\';
    result += c >= ' ' && c <= '~' ? c : '?';
  }
  return result + "\"";
}

/// A glob for one path: what has a meaning in globs, and what is no printable ASCII, is any character. A
/// character beyond ASCII is of several bytes, and each is one to a glob.
std::string glob_of(std::string_view path) {
  std::string glob(path);
  constexpr std::string_view special = "*?[]{},\\\"";
  for (char& c : glob) {
    if (c < ' ' || c > '~' || special.find(c) != std::string_view::npos) c = '?';
  }
  return glob;
}

void add_sizes(std::string& text, const GateFacts& image) {
  text += fmt::format(
      "# The layers as a registry stores them, and as tars.\nmax_compressed: {}\nmax_uncompressed: {}\n"
      "max_layers: {}\n\n",
      limit_above(image.compressed), limit_above(image.uncompressed), image.layers.size() + 1);
  const std::uint64_t wasted = std::max(image.efficiency.wasted, default_floor);
  text += fmt::format(
      "# Files that are stored more than once, by dive's definition. A percentage is not held against\n"
      "# fewer bytes than its floor.\nmax_wasted: {}\nmax_wasted_percent: {{percent: {}, floor: {}}}\n"
      "min_efficiency: {:.3f}\n\n",
      limit_above(wasted), percent_above(image.efficiency.wasted, image.user_bytes), floor_text,
      std::floor(std::max(image.efficiency.efficiency - 0.01, 0.0) * 1000) / 1000);
  text += fmt::format(
      "# Files that nothing needs: `slim build` leaves them out.\nmax_removable: {}\n"
      "max_removable_percent: {{percent: {}, floor: {}}}\n\n",
      limit_above(std::max(image.removable, default_floor)), percent_above(image.removable, image.bytes),
      floor_text);
  text +=
      "# Against another image (slim gate --baseline IMAGE): take the hash away where one is given.\n"
      "# max_growth: 5MB\n# max_growth_percent: {percent: 5, floor: 1MB}\n# max_packages_added: 0\n\n";
  text += image.unproved.empty()
              ? "# slim ran it and its original, and both behaved the same.\nrequire_verified: true\n\n"
              : "# Only images that `slim build` ran and compared with their original.\n# require_verified: "
                "true\n\n";
}

/// One entry a finding; of many that are told together the id alone.
void add_findings(std::string& text, const GateFacts& image) {
  text += fmt::format(
      "# What slim finds of this severity and worse fails: info, low, medium or high.\nfindings:\n"
      "  severity: {}\n  # forbid: [setuid, shell-present]   # whatever their severity\n"
      "  # new_only: true                    # only what the baseline does not have\n",
      to_string(least));
  std::set<std::pair<std::string, std::string>> entries;
  for (const Finding& finding : image.findings) {
    if (finding.severity < least) continue;
    entries.emplace(finding.id, finding.count > 1 ? "" : "\n    path: " + quoted(glob_of(finding.path)));
  }
  if (entries.empty()) return;
  text += "\n# Known and borne. `expires: YYYY-MM-DD` is the last day on which an entry holds.\nallow:\n";
  for (const auto& [id, path] : entries) {
    text += fmt::format("  - id: {}{}\n    reason: present when the policy was written\n", id, path);
  }
}

}  // namespace

std::string policy_from(const GateFacts& image) {
  std::string text = fmt::format(
      "# What {} may weigh and have; `slim gate` checks it. Written by slim gate --init from the\n"
      "# image as it was: tighten it. Sizes: 20MB are 20,000,000 bytes, 20MiB 20 x 1024 x 1024.\n\n",
      quoted(image.image));
  add_sizes(text, image);
  add_findings(text, image);
  return text;
}

}  // namespace slim
