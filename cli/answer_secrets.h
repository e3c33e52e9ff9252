// Secrets in what programs answered: headers, pages, output of commands.
#pragma once

#include <string>
#include <string_view>

#include "runner/verdict.h"

namespace slim {

/// `text` with *** for each value whose name or shape says secret: NAME=value, Name: value, "name": "value".
std::string redacted_answer(std::string_view text);

/// A verdict that can be shown to others: answers in it as redacted_answer, values of headers that carry
/// logins as ***.
Verdict redacted_verdict(Verdict verdict);

}  // namespace slim
