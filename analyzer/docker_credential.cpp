// The protocol of docker/docker-credential-helpers: `get` reads the server from standard input and writes
// JSON.
#include "analyzer/docker_credential.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstddef>
#include <fcntl.h>
#include <optional>
#include <poll.h>
#include <string>
#include <string_view>
#include <unistd.h>

#include <nlohmann/json.hpp>

#include "analyzer/error.h"
#include "analyzer/json.h"
#include "analyzer/json_object.h"
#include "analyzer/spawn.h"
#include "analyzer/unique_fd.h"

namespace slim {
namespace {

using Clock = std::chrono::steady_clock;

constexpr auto longest_wait = std::chrono::minutes(1);
constexpr std::size_t longest_answer = std::size_t{64} << 10;

/// All that comes before the end, the time limit or the size limit; nothing where one of these was reached.
std::optional<std::string> read_answer(int fd) {
  const auto deadline = Clock::now() + longest_wait;
  std::string text;
  std::array<char, 4096> block{};
  while (text.size() <= longest_answer) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now()).count();
    pollfd waiting{.fd = fd, .events = POLLIN, .revents = 0};
    const int ready = left <= 0 ? 0 : ::poll(&waiting, 1, static_cast<int>(left));
    if (ready < 0 && errno == EINTR) continue;
    if (ready <= 0) return std::nullopt;
    const ssize_t count = ::read(fd, block.data(), block.size());
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return text;
    text.append(block.data(), static_cast<std::size_t>(count));
  }
  return std::nullopt;
}

}  // namespace

std::optional<HelperAnswer> ask_credential_helper(const std::string& name, const std::string& server) {
  const bool plain = !name.empty() && std::ranges::all_of(name, [](unsigned char c) {
    return std::isalnum(c) != 0 || c == '-' || c == '_' || c == '.';
  });
  const std::string program = "docker-credential-" + name;
  if (!plain) throw Error(ErrorKind::environment, program, "is no name of a credential helper");
  const std::string file = find_program(program);
  if (file.empty())
    throw Error(ErrorKind::environment, program, "no such program in PATH", "install it, or docker logout");
  Pipe input = make_pipe();
  Pipe output = make_pipe();
  // Shorter than what a pipe holds, so that this never waits; before there is a child that might not read it.
  [[maybe_unused]] const ssize_t written = ::write(input.write.get(), server.data(), server.size());
  input.write = UniqueFd();
  const pid_t child = spawn({file, "get"}, input.read.get(), output.write.get(), -1);
  input.read = UniqueFd();
  output.write = UniqueFd();
  const auto answer = read_answer(output.read.get());
  auto status = answer ? wait_for(child, longest_wait) : std::nullopt;
  if (!status) {
    ::kill(child, SIGKILL);
    wait_for(child, longest_wait);
    throw Error(ErrorKind::environment, program, "gave no answer for " + server);
  }
  if (!status->success()) {
    if (answer->find("credentials not found") != std::string::npos) return std::nullopt;
    throw Error(ErrorKind::environment, program,
                "failed for " + server + ": " + answer->substr(0, answer->find('\n')));
  }
  // What it said may hold the secret: no message may quote it.
  nlohmann::json document;
  try {
    document = parse_json(*answer, program);
    const JsonObject root(document, program);
    return HelperAnswer{.user = root.string("Username"), .secret = root.string("Secret")};
  } catch (const Error&) {
    throw Error(ErrorKind::environment, program, "did not answer with Username and Secret in JSON");
  }
}

}  // namespace slim
