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

std::string_view to_string(FailureClass failure) {
  switch (failure) {
    case FailureClass::does_not_start:
      return "does-not-start";
    case FailureClass::ends_differently:
      return "ends-differently";
    case FailureClass::answers_differently:
      return "answers-differently";
    case FailureClass::touches_missing_path:
      return "touches-missing-path";
  }
  return "answers-differently";
}

}  // namespace slim
