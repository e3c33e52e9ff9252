// Each limit becomes a check with what was measured, what is allowed, and what to do first: of what the image
// could do without, the biggest that together bring it under, three at most. Where three are not enough, the
// message says so.
#include "cli/gate_check.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "analyzer/efficiency.h"
#include "analyzer/findings.h"
#include "analyzer/glob.h"
#include "cli/gate_facts.h"
#include "cli/gate_result.h"
#include "cli/policy.h"
#include "cli/terminal.h"

namespace slim {
namespace {

constexpr std::size_t most_first = 3;

double to_percent(double part, double whole) {
  return whole > 0 ? 100 * part / whole : 0;
}

std::string date_text(std::chrono::year_month_day date) {
  return fmt::format("{:04}-{:02}-{:02}", static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
                     static_cast<unsigned>(date.day()));
}

/// Two sizes that can be told apart: 150.0 MB and 150.0 MB would be of no help.
std::pair<std::string, std::string> size_pair(std::uint64_t measured, std::uint64_t limit) {
  std::pair<std::string, std::string> texts{human_size(measured), human_size(limit)};
  if (measured != limit && texts.first == texts.second) {
    texts = {human_count(measured) + " B", human_count(limit) + " B"};
  }
  return texts;
}

/// The same of percentages: what was measured has as many places as it takes not to look like the limit.
std::pair<std::string, std::string> percent_pair(double measured, double limit) {
  std::string is;
  for (const int places : {1, 3, 6}) {
    is = fmt::format("{:.{}f}", measured, places);
    const double step = std::pow(10, -places);
    if (measured == limit || std::abs(measured - limit) >= step) break;
  }
  return {is + " %", fmt::format("{:.6g} %", limit)};
}

/// `bytes` as a limit's excess: at least one, so that something is always to be done.
std::uint64_t excess(double bytes) {
  return bytes < 1 ? 1 : static_cast<std::uint64_t>(std::ceil(bytes));
}

std::vector<Saving> biggest_first(std::vector<Saving> savings) {
  std::erase_if(savings, [](const Saving& saving) { return saving.bytes == 0; });
  std::ranges::stable_sort(savings, [](const Saving& a, const Saving& b) { return a.bytes > b.bytes; });
  return savings;
}

class Checker {
 public:
  Checker(const Policy& policy, const GateFacts& image, const GateBaseline* baseline,
          std::chrono::year_month_day today)
      : policy_(&policy), image_(&image), baseline_(baseline), today_(today) {}

  std::vector<GateCheck> run() {
    sizes();
    waste();
    efficiency();
    layers();
    removable();
    if (baseline_ != nullptr) {
      growth();
      packages_added();
    }
    verified();
    findings();
    allowances();
    return std::move(checks_);
  }

 private:
  /// What the limit is called in the policy at hand.
  [[nodiscard]] std::string rule(std::string_view own, std::string_view of_dive) const {
    return std::string(policy_->of_dive ? of_dive : own);
  }

  GateCheck& add(std::string rule, bool passed, std::string measured, std::string limit,
                 std::string message) {
    checks_.push_back({.rule = std::move(rule),
                       .passed = passed,
                       .measured = std::move(measured),
                       .limit = std::move(limit),
                       .message = std::move(message),
                       .path = {},
                       .first = {}});
    return checks_.back();
  }

  /// The biggest that together are `needed` bytes, three at most, and how many bytes they are. `savings` are
  /// sorted.
  static std::pair<std::vector<std::string>, std::uint64_t> first_of(std::span<const Saving> savings,
                                                                     std::uint64_t needed) {
    std::pair<std::vector<std::string>, std::uint64_t> result;
    for (const Saving& saving : savings) {
      if (result.first.size() == most_first || result.second >= needed) break;
      result.first.push_back(fmt::format("{} ({})", saving.what, human_size(saving.bytes)));
      result.second += saving.bytes;
    }
    return result;
  }

  /// What to do first about `needed` bytes too many: of the `fine` savings where they are enough, else of the
  /// `coarse`.
  static void advise(GateCheck& check, std::span<const Saving> fine, std::span<const Saving> coarse,
                     std::uint64_t needed, std::string_view verb) {
    auto [first, saved] = first_of(fine, needed);
    if (saved < needed) {
      auto [folders, more] = first_of(coarse, needed);
      if (more > saved) std::tie(first, saved) = std::tie(folders, more);
    }
    if (first.empty()) return;
    check.first = std::move(first);
    check.message += saved >= needed ? fmt::format("; {} what comes first is enough", verb)
                                     : fmt::format("; {} what comes first saves {} of {}", verb,
                                                   human_size(saved), human_size(needed));
  }

  /// About the size as a whole: what nothing needs and what later layers hide; of an image without either,
  /// its layers.
  void advise_smaller(GateCheck& check, std::uint64_t needed) const {
    std::vector<Saving> hidden;
    std::vector<Saving> layers;
    for (const GateLayer& layer : image_->layers) {
      hidden.push_back({.what = "what later layers hide of " + layer.name, .bytes = layer.hidden});
      layers.push_back({.what = layer.name, .bytes = layer.uncompressed});
    }
    const auto with_hidden = [&hidden](std::vector<Saving> savings) {
      savings.insert(savings.end(), hidden.begin(), hidden.end());
      return biggest_first(std::move(savings));
    };
    const std::vector<Saving> fine = with_hidden(image_->removable_files);
    if (fine.empty()) {
      advise(check, biggest_first(std::move(layers)), {}, needed, "removing");
    } else {
      advise(check, fine, with_hidden(image_->removable_folders), needed, "removing");
    }
  }

  void sizes() {
    if (policy_->max_compressed) {
      const std::uint64_t limit = *policy_->max_compressed;
      GateCheck& check = bytes("max_compressed", image_->compressed, limit, "stored layers");
      // How well a file compresses is not known: it is taken for the average of the image.
      const double ratio = image_->uncompressed == 0 ? 1
                                                     : static_cast<double>(image_->compressed) /
                                                           static_cast<double>(image_->uncompressed);
      if (!check.passed && ratio > 0)
        advise_smaller(check, excess(static_cast<double>(image_->compressed - limit) / ratio));
    }
    if (policy_->max_uncompressed) {
      const std::uint64_t limit = *policy_->max_uncompressed;
      GateCheck& check = bytes("max_uncompressed", image_->uncompressed, limit, "uncompressed layers");
      if (!check.passed) advise_smaller(check, image_->uncompressed - limit);
    }
  }

  GateCheck& bytes(std::string rule, std::uint64_t measured, std::uint64_t limit, std::string_view of) {
    const auto [is, most] = size_pair(measured, limit);
    const bool passed = measured <= limit;
    return add(std::move(rule), passed, is, "at most " + most,
               passed ? fmt::format("{} of {}, at most {} allowed", is, of, most)
                      : fmt::format("{} of {}, {} more than the {} that are allowed", is, of,
                                    human_size(measured - limit), most));
  }

  /// A share of `whole`, which shrinks as `part` does unless it is `fixed`. Returns how many bytes are too
  /// many; 0 where the check passed.
  std::uint64_t share(std::string rule, const PercentLimit& limit, std::uint64_t part, std::uint64_t whole,
                      bool fixed, std::string_view of) {
    const double measured = to_percent(static_cast<double>(part), static_cast<double>(whole));
    const bool passed = measured <= limit.percent || part <= limit.floor;
    const auto [is, most] = percent_pair(measured, limit.percent);
    std::string allowed = "at most " + most;
    if (limit.floor > 0) allowed += " or " + human_size(limit.floor);
    std::string message = fmt::format("{} {}, which is {}; {}", human_size(part), of, is, allowed);
    add(std::move(rule), passed, fmt::format("{} ({})", is, human_size(part)), std::move(allowed),
        std::move(message));
    if (passed) return 0;
    const double portion = limit.percent / 100;
    const double over = static_cast<double>(part) - portion * static_cast<double>(whole);
    const double relative = fixed || portion >= 1 ? over : over / (1 - portion);
    return excess(std::min(relative, static_cast<double>(part - limit.floor)));
  }

  [[nodiscard]] std::vector<Saving> copies(bool spare_only) const {
    std::vector<Saving> savings;
    savings.reserve(image_->efficiency.most_wasted.size());
    for (const WastedPath& path : image_->efficiency.most_wasted) {
      savings.push_back({.what = fmt::format("{} in {} layers", path.path, path.copies),
                         .bytes = spare_only ? path.bytes - path.smallest : path.bytes});
    }
    return biggest_first(std::move(savings));
  }

  void waste() {
    const std::uint64_t wasted = image_->efficiency.wasted;
    if (policy_->max_wasted) {
      GateCheck& check = bytes(rule("max_wasted", "highestWastedBytes"), wasted, *policy_->max_wasted,
                               "files that are stored more than once");
      if (!check.passed) advise(check, copies(false), {}, wasted - *policy_->max_wasted, "storing once");
    }
    if (policy_->max_wasted_percent) {
      const std::uint64_t over =
          share(rule("max_wasted_percent", "highestUserWastedPercent"), *policy_->max_wasted_percent, wasted,
                image_->user_bytes, false, "of what is above the base layer is stored more than once");
      if (over > 0) advise(checks_.back(), copies(false), {}, over, "storing once");
    }
  }

  void efficiency() {
    if (!policy_->min_efficiency) return;
    const Efficiency& is = image_->efficiency;
    const double limit = *policy_->min_efficiency;
    const bool passed = !(limit > is.efficiency);
    const auto [measured, least] = percent_pair(100 * is.efficiency, 100 * limit);
    GateCheck& check = add(
        rule("min_efficiency", "lowestEfficiency"), passed, measured, "at least " + least,
        fmt::format("an efficiency of {}, at least {} {}", measured, least, passed ? "wanted" : "is wanted"));
    if (passed || limit <= 0) return;
    const double over = static_cast<double>(is.stored) - static_cast<double>(is.smallest) / limit;
    advise(check, copies(true), {}, excess(over), "storing once");
  }

  void layers() {
    if (!policy_->max_layers) return;
    const std::uint64_t limit = *policy_->max_layers;
    const std::size_t have = image_->layers.size();
    GateCheck& check =
        add("max_layers", have <= limit, fmt::format("{} layers", have), fmt::format("at most {}", limit),
            fmt::format("{} layers, at most {} allowed", have, limit));
    if (check.passed) return;
    check.message += "; make the smallest in the step before theirs";
    std::vector<const GateLayer*> above;
    for (std::size_t i = 1; i < have; ++i) above.push_back(&image_->layers[i]);
    std::ranges::stable_sort(above, {}, &GateLayer::uncompressed);
    const std::size_t count = std::min({above.size(), most_first, have - static_cast<std::size_t>(limit)});
    for (std::size_t i = 0; i < count; ++i)
      check.first.push_back(fmt::format("{} ({})", above[i]->name, human_size(above[i]->uncompressed)));
  }

  void removable() {
    const auto& files = image_->removable_files;
    const auto& folders = image_->removable_folders;
    if (policy_->max_removable) {
      GateCheck& check =
          bytes("max_removable", image_->removable, *policy_->max_removable, "files that nothing needs");
      if (!check.passed)
        advise(check, files, folders, image_->removable - *policy_->max_removable, "removing");
    }
    if (policy_->max_removable_percent) {
      const std::uint64_t over =
          share("max_removable_percent", *policy_->max_removable_percent, image_->removable, image_->bytes,
                false, "of files that nothing needs");
      if (over > 0) advise(checks_.back(), files, folders, over, "removing");
    }
  }

  void growth() {
    const std::uint64_t was = baseline_->facts.uncompressed;
    const std::uint64_t is = image_->uncompressed;
    const std::uint64_t more = is > was ? is - was : 0;
    if (policy_->max_growth) {
      GateCheck& check = bytes("max_growth", more, *policy_->max_growth, "growth against the baseline");
      if (!check.passed) advise(check, baseline_->grown, {}, more - *policy_->max_growth, "removing");
    }
    if (policy_->max_growth_percent) {
      const std::uint64_t over = share("max_growth_percent", *policy_->max_growth_percent, more, was, true,
                                       "of growth against the baseline");
      if (over > 0) advise(checks_.back(), baseline_->grown, {}, over, "removing");
    }
  }

  void packages_added() {
    if (!policy_->max_packages_added) return;
    std::set<std::string_view> known;
    for (const GatePackage& package : baseline_->facts.packages) known.insert(package.name);
    std::set<std::string_view> names;
    std::vector<const GatePackage*> added;
    for (const GatePackage& package : image_->packages) {
      if (!known.contains(package.name) && names.insert(package.name).second) added.push_back(&package);
    }
    const std::uint64_t limit = *policy_->max_packages_added;
    const std::size_t count = added.size();
    GateCheck& check =
        add("max_packages_added", count <= limit, fmt::format("{} added", count),
            fmt::format("at most {}", limit),
            fmt::format("{} packages that the baseline does not have, at most {} allowed", count, limit));
    if (check.passed) return;
    for (std::size_t i = 0; i < std::min(count, most_first); ++i)
      check.first.push_back(
          fmt::format("{} {} ({})", added[i]->name, added[i]->version, human_size(added[i]->bytes)));
  }

  void verified() {
    if (!policy_->require_verified) return;
    const bool passed = image_->unproved.empty();
    GateCheck& check = add("require_verified", passed, passed ? "proved" : "not proved", "proved by slim",
                           passed ? "slim proved that it behaves as its original" : image_->unproved);
    if (!passed) check.first.emplace_back("slim build without --no-run, which runs both and compares");
  }

  /// The allowance that covers a finding, expired ones apart.
  [[nodiscard]] const AllowedFinding* allowance(const Finding& finding) const {
    const auto found = std::ranges::find_if(
        policy_->allow, [&](const AllowedFinding& one) { return holds(one) && covers(one, finding); });
    return found == policy_->allow.end() ? nullptr : &*found;
  }

  [[nodiscard]] bool holds(const AllowedFinding& one) const { return !one.expires || today_ <= *one.expires; }

  static bool covers(const AllowedFinding& one, const Finding& finding) {
    if (one.id != finding.id) return false;
    if (!one.path) return true;
    if (one.path->empty() || finding.path.empty()) return one.path->empty() && finding.path.empty();
    // Of many that are told together, one that is allowed does not speak for the others.
    return glob_match(*one.path, finding.path) &&
           std::ranges::all_of(finding.paths,
                               [&one](const std::string& path) { return glob_match(*one.path, path); });
  }

  /// Severe enough, or forbidden by its id; and not passed over as known to the baseline.
  [[nodiscard]] bool counts(const Finding& finding) const {
    const bool severe = policy_->findings_severity && finding.severity >= *policy_->findings_severity;
    const bool forbidden = std::ranges::find(policy_->forbidden, finding.id) != policy_->forbidden.end();
    if (!severe && !forbidden) return false;
    return !policy_->new_findings_only || baseline_ == nullptr ||
           !is_known(finding, baseline_->facts.findings);
  }

  void findings() {
    if (!policy_->findings_severity && policy_->forbidden.empty()) return;
    std::map<std::string_view, std::vector<const Finding*>> violated;
    std::size_t allowed = 0;
    for (const Finding& finding : image_->findings) {
      if (!counts(finding)) continue;
      if (allowance(finding) != nullptr) {
        ++allowed;
      } else {
        violated[finding.id].push_back(&finding);
      }
    }
    for (const auto& [id, list] : violated) finding_check(std::string(id), list);
    if (!violated.empty()) return;
    std::string limit = findings_limit();
    std::string message = fmt::format("no {}finding is {}", policy_->new_findings_only ? "new " : "", limit);
    if (allowed > 0) message += fmt::format("; {} allowed", allowed);
    add("findings", true, allowed == 0 ? "none" : fmt::format("none, {} allowed", allowed), "none " + limit,
        std::move(message));
  }

  [[nodiscard]] std::string findings_limit() const {
    std::string text;
    if (policy_->findings_severity) text = fmt::format("{} or worse", to_string(*policy_->findings_severity));
    if (policy_->forbidden.empty()) return text;
    return fmt::format("{}{}{}", text, text.empty() ? "" : ", or ", fmt::join(policy_->forbidden, ", "));
  }

  void finding_check(std::string id, const std::vector<const Finding*>& list) {
    const Finding& front = *list.front();
    std::uint64_t count = 0;
    for (const Finding* finding : list) count += finding->count;
    GateCheck& check = add(std::move(id), false, fmt::format("{} ({})", count, to_string(front.severity)),
                           policy_->new_findings_only ? "no new one" : "none", front.message);
    if (list.size() == 1) check.path = front.path;
    for (std::size_t i = 0; i < std::min(list.size(), most_first); ++i)
      check.first.push_back(list[i]->path.empty() ? list[i]->message : list[i]->path);
    if (list.size() > most_first) check.message += fmt::format(" ({} more)", list.size() - most_first);
  }

  /// What has expired fails by itself, whether anything is found there or not: the list is to be put in
  /// order.
  void allowances() {
    for (const AllowedFinding& one : policy_->allow) {
      if (holds(one) || !one.expires) continue;
      const auto covered = std::ranges::count_if(
          image_->findings, [&one](const Finding& finding) { return covers(one, finding); });
      std::string what = one.id;
      if (one.path && !one.path->empty()) what += " at " + *one.path;
      GateCheck& check =
          add("allow", false, "expired", "until " + date_text(*one.expires),
              fmt::format("{} was allowed until {} ({}); {}", what, date_text(*one.expires), one.reason,
                          covered > 0 ? "mend it, or allow it anew"
                                      : "nothing is found there now: remove the entry"));
      if (one.path) check.path = *one.path;
      check.first.push_back(what);
    }
  }

  const Policy* policy_;
  const GateFacts* image_;
  const GateBaseline* baseline_;
  std::chrono::year_month_day today_;
  std::vector<GateCheck> checks_;
};

}  // namespace

GateResult check_policy(const Policy& policy, const GateFacts& image, const GateBaseline* baseline,
                        std::chrono::year_month_day today) {
  return {.policy = policy.file,
          .baseline = baseline == nullptr ? "" : baseline->facts.image,
          .checks = Checker(policy, image, baseline, today).run()};
}

bool is_known(const Finding& finding, const std::vector<Finding>& known) {
  return std::ranges::any_of(known, [&finding](const Finding& other) {
    if (other.id != finding.id) return false;
    if (finding.path.empty()) return other.path.empty() && other.message == finding.message;
    if (other.path == finding.path) return true;
    return std::ranges::any_of(finding.paths, [&other](const std::string& path) {
      return std::ranges::find(other.paths, path) != other.paths.end();
    });
  });
}

}  // namespace slim
