// The system calls that name a path: which of their arguments do, and what they do with it.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace slim {

/// One path among a call's arguments.
struct PathOperand {
  int folder = -1;   ///< the argument with the folder's descriptor; -1: the working folder
  int path = -1;     ///< the argument with the string's address; -1: there is no such operand
  unsigned use = 0;  ///< PathUse
};

enum class CallKind : std::uint8_t {
  plain,
  open,            ///< flags say the use, in `detail`
  open_how,        ///< flags stand at the address in `detail`
  execute,         ///< the words' addresses stand at the address in `detail`
  change_root,     ///< what follows is named from another root folder
  socket_address,  ///< `path` is a socket's address, `detail` its length
};

struct PathCall {
  std::string_view name;
  int native = -1;  ///< its number here; -1: there is none
  int i386 = -1;    ///< its number in 32-bit programs of an x86-64 machine
  CallKind kind = CallKind::plain;
  std::array<PathOperand, 2> operands;
  int detail = -1;  ///< an argument; see CallKind
};

std::span<const PathCall> path_calls();

/// The names of path_calls(), as an OCI runtime's configuration has them.
std::vector<std::string_view> path_call_names();

/// How the processes of a container call: pointers of 8 bytes, or of 4.
struct CallConvention {
  bool known = false;  ///< false: calls of an architecture that is not read
  bool wide = true;
  std::vector<const PathCall*> by_number;

  [[nodiscard]] const PathCall* find(int number) const {
    const auto at = static_cast<std::size_t>(number);
    return number >= 0 && at < by_number.size() ? by_number[at] : nullptr;
  }
};

/// All that this machine's programs may use; made once.
class CallConventions {
 public:
  CallConventions();
  /// `architecture` is an AUDIT_ARCH_ constant; an x32 call's number has its bit taken off in `number`.
  [[nodiscard]] const CallConvention& of(std::uint32_t architecture, int& number) const;

 private:
  CallConvention native_;
  CallConvention i386_;
  CallConvention x32_;
  CallConvention unknown_;
};

/// PathUse of an open(2) with these flags.
unsigned use_of_open(std::uint64_t flags);

}  // namespace slim
