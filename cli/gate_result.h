// What a policy demands of an image and what was measured, limit by limit. A report that has one shows it.
#pragma once

#include <algorithm>
#include <string>
#include <vector>

namespace slim {

/// One limit of a policy. Texts may name paths of the image: hostile, to be escaped by who shows them.
struct GateCheck {
  std::string rule;      ///< the policy's key, or the finding's id: max_uncompressed, secret
  bool passed = true;    ///< false: violated
  std::string measured;  ///< for people, with its unit: 182.4 MB
  std::string limit;     ///< likewise: at most 150 MB
  std::string message;   ///< one sentence: what was measured against what
  std::string path;      ///< of the image, where the check is about one; else empty
  std::vector<std::string>
      first;  ///< what to do first: the files or layers that would bring it under, three at most
};

struct GateResult {
  std::string policy;    ///< the file, as the user wrote it
  std::string baseline;  ///< the image that it was compared with; empty: none
  std::vector<GateCheck> checks;

  [[nodiscard]] bool passed() const {
    return std::ranges::all_of(checks, [](const GateCheck& check) { return check.passed; });
  }
};

}  // namespace slim
