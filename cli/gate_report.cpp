#include "cli/gate_report.h"

#include <algorithm>
#include <cstddef>
#include <ostream>
#include <string>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "cli/escape.h"
#include "cli/gate_result.h"
#include "cli/terminal.h"

namespace slim {
namespace {

using json = nlohmann::ordered_json;

constexpr std::size_t name_shown = 90;

/// Of what is printed in columns: rules, measures and limits are ASCII but for names of findings, which are
/// too.
std::size_t widest(const GateResult& gate, std::string GateCheck::* column) {
  std::size_t width = 0;
  for (const GateCheck& check : gate.checks) width = std::max(width, (check.*column).size());
  return width;
}

std::string first_of(const GateCheck& check) {
  std::string text;
  for (const std::string& one : check.first)
    text += (text.empty() ? "" : "; ") + terminal_text(one, name_shown);
  return text;
}

}  // namespace

void render_gate(const GateResult& gate, const std::string& image, const TextStyle& style,
                 std::ostream& out) {
  const bool passed = gate.passed();
  std::string head =
      fmt::format("{}  {} by {}", paint(style, Colour::bold, terminal_text(image, name_shown)),
                  passed ? paint(style, Colour::green, "passed") : paint(style, Colour::red, "failed"),
                  terminal_text(gate.policy, name_shown));
  if (!gate.baseline.empty()) head += ", compared with " + terminal_text(gate.baseline, name_shown);
  out << head << '\n';
  const std::size_t rule = widest(gate, &GateCheck::rule);
  const std::size_t measured = widest(gate, &GateCheck::measured);
  const std::size_t limit = widest(gate, &GateCheck::limit);
  for (const GateCheck& check : gate.checks) {
    const std::string first = check.passed ? "" : first_of(check);
    std::string line = fmt::format("{:<{}}  {:>{}}  {:<{}}", terminal_text(check.rule), rule, check.measured,
                                   measured, check.limit, limit);
    if (!first.empty()) line += "  first: " + first;
    line.erase(line.find_last_not_of(' ') + 1);
    out << "  " << (check.passed ? paint(style, Colour::green, "ok  ") : paint(style, Colour::red, "FAIL"))
        << "  " << line << '\n';
    if (!check.passed) out << "        " << paint(style, Colour::dim, terminal_text(check.message)) << '\n';
  }
}

json gate_json(const GateResult& gate) {
  json checks = json::array();
  for (const GateCheck& check : gate.checks) {
    checks.push_back({{"rule", check.rule},
                      {"passed", check.passed},
                      {"measured", check.measured},
                      {"limit", check.limit},
                      {"message", check.message},
                      {"path", check.path.empty() ? json(nullptr) : json(check.path)},
                      {"first", check.first}});
  }
  return {{"policy", gate.policy},
          {"baseline", gate.baseline.empty() ? json(nullptr) : json(gate.baseline)},
          {"passed", gate.passed()},
          {"checks", std::move(checks)}};
}

}  // namespace slim
