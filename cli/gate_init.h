// A policy from an image as it is: what slim gate --init writes.
#pragma once

#include <string>

#include "cli/gate_facts.h"

namespace slim {

/// YAML with comments. The image passes it at once; one that is a tenth bigger does not. What is found in the
/// image now, of medium severity or worse, is allowed. All of it is printable ASCII: a name of the image that
/// is not has question marks, which match any character.
std::string policy_from(const GateFacts& image);

}  // namespace slim
