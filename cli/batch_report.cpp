// One line for each image, and below it why it failed; then the sum.
#include "cli/batch_report.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <ostream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "analyzer/json.h"
#include "analyzer/json_object.h"
#include "cli/escape.h"
#include "cli/json_output.h"
#include "cli/terminal.h"

namespace slim {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t numbers_width = 55;  ///< of all columns but the first

std::string outcome(const BatchResult& result) {
  switch (result.state) {
    case BatchState::built:
      return result.verdict;
    case BatchState::unchanged:
      return result.verdict + ", as before";
    case BatchState::failed:
      return result.verdict.empty() ? "failed" : result.verdict;
    case BatchState::stopped:
      return "stopped";
  }
  return "";
}

Colour colour_of(BatchState state) {
  if (state == BatchState::built) return Colour::green;
  return state == BatchState::unchanged ? Colour::dim : Colour::red;
}

std::string size_text(std::uint64_t bytes) {
  return bytes == 0 ? "-" : human_size(bytes);
}

std::string saved_text(std::uint64_t original, std::uint64_t slimmed) {
  if (original == 0 || slimmed == 0 || slimmed > original) return "-";
  return percent(original - slimmed, original);
}

std::string time_text(const BatchResult& result) {
  return result.state == BatchState::built || result.state == BatchState::failed
             ? fmt::format("{:.1f} s", result.seconds)
             : "-";
}

}  // namespace

std::string_view to_string(BatchState state) {
  switch (state) {
    case BatchState::built:
      return "built";
    case BatchState::unchanged:
      return "unchanged";
    case BatchState::failed:
      return "failed";
    case BatchState::stopped:
      return "stopped";
  }
  return "";
}

std::size_t BatchReport::count(BatchState state) const {
  return static_cast<std::size_t>(std::ranges::count(results, state, &BatchResult::state));
}

void render_text(const BatchReport& report, const TextStyle& style, std::ostream& out) {
  std::size_t names = 5;
  for (const BatchResult& result : report.results)
    names = std::max(names, terminal_text(result.image).size());
  names = std::min(names, std::clamp<std::size_t>(style.width, 80, 140) - numbers_width);
  const auto row = [&](std::string_view image, std::string_view original, std::string_view slimmed,
                       std::string_view saved, std::string_view time, std::string_view verdict) {
    return fmt::format("{:<{}}  {:>9}  {:>9}  {:>6}  {:>8}  {}\n", image, names, original, slimmed, saved,
                       time, verdict);
  };
  out << paint(style, Colour::bold, row("IMAGE", "ORIGINAL", "SLIMMED", "SAVED", "TIME", "VERDICT"));
  std::uint64_t original = 0;
  std::uint64_t slimmed = 0;
  for (const BatchResult& result : report.results) {
    out << row(terminal_text(result.image, names), size_text(result.original), size_text(result.slimmed),
               saved_text(result.original, result.slimmed), time_text(result),
               paint(style, colour_of(result.state), outcome(result)));
    if (!result.error.empty())
      out << fmt::format("  {}:{}: {}\n", terminal_text(report.file), result.line,
                         terminal_text(result.error));
    if (result.state != BatchState::built && result.state != BatchState::unchanged) continue;
    original += result.original;
    slimmed += result.slimmed;
  }
  out << fmt::format("\n{} slimmed, {} as before, {} failed{}; {} -> {}\n", report.count(BatchState::built),
                     report.count(BatchState::unchanged), report.count(BatchState::failed),
                     report.count(BatchState::stopped) == 0
                         ? ""
                         : fmt::format(", {} stopped", report.count(BatchState::stopped)),
                     human_size(original), human_size(slimmed));
}

void render_json(const BatchReport& report, std::ostream& out) {
  Json images = Json::array();
  for (const BatchResult& result : report.results) {
    images.push_back({{"image", result.image},
                      {"destination", result.output},
                      {"line", result.line},
                      {"state", to_string(result.state)},
                      {"verdict", result.verdict.empty() ? Json(nullptr) : Json(result.verdict)},
                      {"original", result.original},
                      {"slimmed", result.slimmed},
                      {"seconds", result.seconds},
                      {"exit_code", result.exit_code},
                      {"error", result.error.empty() ? Json(nullptr) : Json(result.error)},
                      {"config_digest", result.config_digest},
                      {"output_config_digest", result.output_config_digest}});
  }
  Json counts = Json::object();
  for (const BatchState state :
       {BatchState::built, BatchState::unchanged, BatchState::failed, BatchState::stopped})
    counts[std::string(to_string(state))] = report.count(state);
  const Json document = {{"schema_version", 1},
                         {"tool", tool_json()},
                         {"batch", report.file},
                         {"counts", std::move(counts)},
                         {"images", std::move(images)}};
  out << dump(document, 2) << '\n';
}

void read_build_report(const std::string& json, BatchResult& result) {
  const std::string where = result.image + ": the report of slim build";
  const nlohmann::json document = parse_json(json, where);
  const JsonObject top(document, where);
  const bool several = top.find("platforms") != nullptr;
  std::vector<JsonObject> reports;
  if (several) {
    reports = top.objects("platforms");
  } else {
    reports.push_back(top);
  }
  for (const JsonObject& report : reports) {
    for (const JsonObject& layer : report.objects("layers")) result.original += layer.size("uncompressed");
    if (report.find("output") != nullptr) result.slimmed += report.object("output").size("uncompressed");
    const std::string verdict = report.object("verdict").string("result");
    if (result.verdict.empty() || verdict == "different" || result.verdict == "same")
      result.verdict = verdict;
    if (several) continue;
    result.config_digest = report.object("image").string("config_digest");
    result.output_config_digest = report.object("output").string("config_digest");
  }
}

}  // namespace slim
