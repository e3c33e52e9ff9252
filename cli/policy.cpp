// Slim's own form has a key for each limit. dive's form (its .dive-ci) is told by its keys: `rules:` around
// them, as its older versions want them, or none, as its newer ones do; camelCase or kebab-case. As in dive,
// a rule that is missing has its default, and "disabled" turns it off (wagoodman/dive, ci/rules.go).
//
// What is not understood is an error, an empty value too: a limit that is passed over in silence is none.
#include "cli/policy.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "analyzer/findings.h"
#include "analyzer/host_file.h"
#include "runner/yaml_node.h"

namespace slim {
namespace {

constexpr std::size_t entries_cap = 10'000;  // of an allow-list
constexpr double most_bytes = 1e18;

std::string lower(std::string_view text) {
  std::string result(text);
  std::ranges::transform(result, result.begin(),
                         [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return result;
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

/// A number that is not negative, and what stands behind it; nothing where there is none.
std::optional<std::pair<double, std::string_view>> leading_number(std::string_view text) {
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || !(number >= 0)) return std::nullopt;
  return std::pair{number, trimmed(text.substr(static_cast<std::size_t>(end - text.data())))};
}

/// 20MB, 1.5 GB, 512KiB, 1000: a thousand to the k unless it is written Ki, as reports and dive have it.
std::optional<std::uint64_t> bytes_of(std::string_view text) {
  const auto number = leading_number(trimmed(text));
  if (!number) return std::nullopt;
  std::string unit = lower(number->second);
  if (unit.ends_with('b')) unit.pop_back();
  const bool binary = unit.size() == 2 && unit[1] == 'i';
  if (unit.size() > 1 && !binary) return std::nullopt;
  constexpr std::string_view steps = "kmgtp";
  double value = number->first;
  if (!unit.empty()) {
    const auto step = steps.find(unit[0]);
    if (step == std::string_view::npos) return std::nullopt;
    for (std::size_t i = 0; i <= step; ++i) value *= binary ? 1024 : 1000;
  }
  if (value > most_bytes) return std::nullopt;
  return static_cast<std::uint64_t>(value);
}

std::uint64_t size_in(const YamlNode& node) {
  const auto bytes = node.is_text() ? bytes_of(node.text()) : std::nullopt;
  if (!bytes) node.expected("a size such as 20MB, 512KiB or 1000000");
  return *bytes;
}

double percentage_in(const YamlNode& node) {
  const std::string text = node.is_text() ? node.text() : std::string();
  const auto number = leading_number(trimmed(text));
  constexpr double most = 100'000;  // growth may be more than all of it
  if (!number || (!number->second.empty() && number->second != "%") || number->first > most)
    node.expected("a percentage such as 10 or 2.5%");
  return number->first;
}

/// 10, or {percent: 10, floor: 5MB}.
PercentLimit percent_in(const YamlNode& node) {
  if (!node.is_map()) {
    if (!node.is_text()) node.expected("a percentage, or {percent: 10, floor: 1MB}");
    return {.percent = percentage_in(node), .floor = default_floor};
  }
  node.allow({"percent", "floor"});
  const auto floor = node.find("floor");
  return {.percent = percentage_in(node.require("percent")),
          .floor = floor ? size_in(*floor) : default_floor};
}

/// 0.95 or 95%.
double share_in(const YamlNode& node) {
  const std::string text = node.is_text() ? node.text() : std::string();
  const auto number = leading_number(trimmed(text));
  const bool percent = number && number->second == "%";
  if (!number || (!percent && !number->second.empty()) || number->first > (percent ? 100 : 1))
    node.expected("a share from 0 to 1, or with a percent sign from 0% to 100%");
  return percent ? number->first / 100 : number->first;
}

std::uint64_t count_in(const YamlNode& node) {
  constexpr std::int64_t most = 1'000'000;
  return static_cast<std::uint64_t>(node.number(0, most));
}

std::chrono::year_month_day date_in(const YamlNode& node) {
  const std::string text = node.is_text() ? node.text() : std::string();
  std::array<unsigned, 3> parts{};
  const bool shape = text.size() == 10 && text[4] == '-' && text[7] == '-';
  constexpr auto places = std::to_array<std::pair<std::size_t, std::size_t>>({{0, 4}, {5, 7}, {8, 10}});
  bool good = shape;
  for (std::size_t i = 0; good && i < places.size(); ++i) {
    const char* end = text.data() + places.at(i).second;
    const auto [stop, error] = std::from_chars(text.data() + places.at(i).first, end, parts.at(i));
    good = error == std::errc{} && stop == end;
  }
  const std::chrono::year_month_day date{std::chrono::year(static_cast<int>(parts[0])),
                                         std::chrono::month(parts[1]), std::chrono::day(parts[2])};
  if (!good || !date.ok()) node.expected("a day of the calendar as YYYY-MM-DD");
  return date;
}

std::string finding_id_in(const YamlNode& node) {
  std::string id = node.text();
  if (std::ranges::find(finding_ids, id) == finding_ids.end()) {
    const auto near = nearest_word(id, finding_ids);
    node.fail(fmt::format("no finding has the id '{}'{}", id.substr(0, 100),
                          near.empty() ? "" : fmt::format("; did you mean {}?", near)));
  }
  return id;
}

Severity severity_in(const YamlNode& node) {
  const std::string word = node.text_in({"info", "low", "medium", "high"});
  if (word == "info") return Severity::info;
  if (word == "low") return Severity::low;
  return word == "medium" ? Severity::medium : Severity::high;
}

/// A key with nothing behind it is a mistake, not a limit of nothing.
void refuse_empty(const YamlNode& map) {
  for (const auto& [key, value] : map.entries()) {
    if (value.is_null()) map.fail_at(key, "expected a value, and there is none");
  }
}

void read_findings(const YamlNode& node, Policy& policy) {
  node.allow({"severity", "forbid", "new_only"});
  refuse_empty(node);
  if (const auto value = node.find("severity")) policy.findings_severity = severity_in(*value);
  if (const auto value = node.find("new_only")) policy.new_findings_only = value->boolean();
  if (const auto value = node.find("forbid")) {
    for (const YamlNode& item : value->items()) policy.forbidden.push_back(finding_id_in(item));
  }
  if (!policy.findings_severity && policy.forbidden.empty())
    node.fail("expected severity or forbid: nothing else says which findings are too many");
}

AllowedFinding read_allowed(const YamlNode& node) {
  node.allow({"id", "path", "reason", "expires"});
  refuse_empty(node);
  AllowedFinding allowed;
  allowed.id = finding_id_in(node.require("id"));
  if (const auto path = node.find("path")) {
    allowed.path = path->text();
    if (!allowed.path->empty() && !allowed.path->starts_with('/') && !allowed.path->starts_with('*'))
      path->expected("an absolute path or a glob over such paths; '' for what is about the config");
  }
  const auto reason = node.find("reason");
  if (!reason) node.fail("expected a reason: why is this finding borne?");
  allowed.reason = reason->text();
  if (trimmed(allowed.reason).empty()) reason->fail("expected a reason, and it is empty");
  if (const auto expires = node.find("expires")) allowed.expires = date_in(*expires);
  return allowed;
}

Policy read_own(const YamlNode& document) {
  document.allow({"max_compressed", "max_uncompressed", "max_wasted", "max_wasted_percent", "min_efficiency",
                  "max_layers", "max_removable", "max_removable_percent", "max_growth", "max_growth_percent",
                  "max_packages_added", "require_verified", "findings", "allow"});
  refuse_empty(document);
  Policy policy;
  const auto read = [&document](std::string_view key, auto& limit, auto reader) {
    if (const auto value = document.find(key)) limit = reader(*value);
  };
  read("max_compressed", policy.max_compressed, size_in);
  read("max_uncompressed", policy.max_uncompressed, size_in);
  read("max_wasted", policy.max_wasted, size_in);
  read("max_wasted_percent", policy.max_wasted_percent, percent_in);
  read("min_efficiency", policy.min_efficiency, share_in);
  read("max_layers", policy.max_layers, count_in);
  read("max_removable", policy.max_removable, size_in);
  read("max_removable_percent", policy.max_removable_percent, percent_in);
  read("max_growth", policy.max_growth, size_in);
  read("max_growth_percent", policy.max_growth_percent, percent_in);
  read("max_packages_added", policy.max_packages_added, count_in);
  read("require_verified", policy.require_verified, [](const YamlNode& value) { return value.boolean(); });
  if (const auto findings = document.find("findings")) read_findings(*findings, policy);
  if (const auto allow = document.find("allow")) {
    const auto items = allow->items();
    if (items.size() > entries_cap) allow->fail(fmt::format("more than {} entries", entries_cap));
    for (const YamlNode& item : items) policy.allow.push_back(read_allowed(item));
    if (!document.find("findings")) allow->fail("there is no `findings`, so there is nothing to allow");
  }
  const bool none =
      document.entries().empty() ||
      (document.entries().size() == 1 && !policy.require_verified && document.find("require_verified"));
  if (none) document.fail("expected a limit, and there is none");
  return policy;
}

/// The three rules, without case and what stands between words.
std::string dive_rule_of(std::string_view key) {
  std::string name = lower(key);
  std::erase_if(name, [](char c) { return c == '-' || c == '_'; });
  if (name == "lowestefficiencythreshold") name = "lowestefficiency";
  return name == "lowestefficiency" || name == "highestwastedbytes" || name == "highestuserwastedpercent"
             ? name
             : "";
}

bool is_dive(const YamlNode& document) {
  if (!document.is_map()) return false;
  return std::ranges::any_of(document.entries(), [](const auto& entry) {
    return lower(entry.first) == "rules" || !dive_rule_of(entry.first).empty();
  });
}

bool is_off(const YamlNode& node) {
  if (node.is_null()) return true;
  const std::string word = node.is_text() ? lower(trimmed(node.text())) : "on";
  return word.empty() || word == "disabled" || word == "off" || word == "false";
}

/// A share from 0 to 1.
double ratio_in(const YamlNode& node) {
  const auto number = node.is_text() ? leading_number(trimmed(node.text())) : std::nullopt;
  if (!number || !number->second.empty() || number->first > 1)
    node.expected("a number from 0 to 1, or disabled");
  return number->first;
}

void read_dive_rules(const YamlNode& rules, Policy& policy) {
  for (const auto& [key, value] : rules.entries()) {
    const std::string rule = dive_rule_of(key);
    const bool off = is_off(value);
    if (rule == "lowestefficiency") {
      policy.min_efficiency = off ? std::nullopt : std::optional(ratio_in(value));
    } else if (rule == "highestwastedbytes") {
      policy.max_wasted = off ? std::nullopt : std::optional(size_in(value));
    } else if (rule == "highestuserwastedpercent") {
      policy.max_wasted_percent.reset();
      if (!off) policy.max_wasted_percent = PercentLimit{.percent = 100 * ratio_in(value), .floor = 0};
    } else {
      rules.allow({"lowestEfficiency", "highestWastedBytes", "highestUserWastedPercent",
                   "lowest-efficiency-threshold", "highest-wasted-bytes", "highest-user-wasted-percent"});
    }
  }
}

Policy read_dive(const YamlNode& document) {
  Policy policy;
  policy.of_dive = true;
  policy.min_efficiency = 0.9;
  policy.max_wasted_percent = PercentLimit{.percent = 10, .floor = 0};
  if (document.is_null()) return policy;
  const auto entries = document.entries();
  const auto rules =
      std::ranges::find_if(entries, [](const auto& entry) { return lower(entry.first) == "rules"; });
  if (rules == entries.end()) {
    read_dive_rules(document, policy);
    return policy;
  }
  if (entries.size() > 1) document.allow({"rules"});
  if (!rules->second.is_null()) read_dive_rules(rules->second, policy);
  return policy;
}

}  // namespace

Policy parse_policy(const std::string& text, const std::string& file) {
  const YamlNode document = YamlNode::parse(text, file);
  const bool empty_dive = document.is_null() && std::filesystem::path(file).filename() == ".dive-ci";
  if (!document.is_map() && !empty_dive)
    document.expected("a map of limits, such as max_uncompressed: 200MB");
  Policy policy = empty_dive || is_dive(document) ? read_dive(document) : read_own(document);
  policy.file = file;
  return policy;
}

Policy read_policy(const std::string& file) {
  return parse_policy(read_host_file(file, "policy"), file);
}

std::string_view key_that_needs_baseline(const Policy& policy) {
  if (policy.max_growth) return "max_growth";
  if (policy.max_growth_percent) return "max_growth_percent";
  if (policy.max_packages_added) return "max_packages_added";
  return policy.new_findings_only ? "findings.new_only" : std::string_view();
}

}  // namespace slim
