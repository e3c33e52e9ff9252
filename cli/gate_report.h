// What a policy says of images, for people and for machines.
#pragma once

#include <ostream>

#include <nlohmann/json_fwd.hpp>

#include "cli/gate_result.h"
#include "cli/terminal.h"

namespace slim {

/// A line a limit: what was measured, what is allowed, and, where it is violated, what to do first; below
/// that the sentence that says it. `image` is what it is about, as the user wrote it.
void render_gate(const GateResult& gate, const std::string& image, const TextStyle& style, std::ostream& out);

/// The key `gate` of the report.
nlohmann::ordered_json gate_json(const GateResult& gate);

}  // namespace slim
