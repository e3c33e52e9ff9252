// The one exception of slim, and the data form of a problem with the input.
#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>

namespace slim {

/// What kind of failure ends a command; the value is the exit code of the program.
enum class ErrorKind : std::uint8_t {
  usage = 2,        ///< the command line asks for what cannot be
  input = 3,        ///< an image, policy, probe or rule file is wrong
  environment = 4,  ///< no runtime, no permission, no daemon, no network, disk full
};

/// Whatever ends a command. Printed by main as `slim: error: WHAT: WHY` and, where there is one,
/// `hint: WHAT TO DO`. `what` names the file or thing, `why` the place in it and what was expected.
class Error : public std::runtime_error {
 public:
  Error(ErrorKind kind, const std::string& what, const std::string& why, std::string hint = {})
      : std::runtime_error(what + ": " + why), kind_(kind), hint_(std::move(hint)) {}

  [[nodiscard]] ErrorKind kind() const noexcept { return kind_; }
  [[nodiscard]] const std::string& hint() const noexcept { return hint_; }

 private:
  ErrorKind kind_;
  std::string hint_;
};

/// An Error of kind environment for a failed system call: `what: doing: strerror(error_number)`.
Error system_error(const std::string& what, const std::string& doing, int error_number);

/// Runs `action`; an Error that leaves it gets `what` put in front, so that the chain of what was
/// being done is in the message.
template <typename Action>
auto in_context(const std::string& what, Action&& action) {
  try {
    return std::forward<Action>(action)();
  } catch (const Error& error) {
    throw Error(error.kind(), what, error.what(), error.hint());
  }
}

/// A problem with one file of the input that stops nothing: it is reported and the work goes on.
struct Diagnostic {
  std::string path;     ///< the file in the image, or the layer
  std::string message;  ///< what is wrong with it, and where
};

}  // namespace slim
