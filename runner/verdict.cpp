#include "runner/verdict.h"

#include <string_view>

namespace slim {

std::string_view to_string(Outcome outcome) {
  switch (outcome) {
    case Outcome::same:
      return "same";
    case Outcome::different:
      return "different";
    case Outcome::inconclusive:
      return "inconclusive";
    case Outcome::not_run:
      return "not-run";
  }
  return "not-run";
}

}  // namespace slim
