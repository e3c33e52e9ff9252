// docker-archive is asked for although Podman may keep an OCI image: config and layers are the same bytes in
// both, while podman's way from Docker's format to an OCI archive drops what that has no word for (the
// healthcheck). podman ends with slim, however that ends (PR_SET_PDEATHSIG, prctl(2)).
#include "analyzer/podman.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <csignal>
#include <cstddef>
#include <cstdio>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/types.h>
#include <unistd.h>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "analyzer/byte_stream.h"
#include "analyzer/error.h"
#include "analyzer/exit_status.h"
#include "analyzer/spawn.h"
#include "analyzer/unique_fd.h"

namespace slim {
namespace {

constexpr std::chrono::hours for_ever{24 * 20};  // what poll(2) can be given

/// A podman at work. What it says goes to a file in memory, so that it never has to wait for a reader.
class Podman {
 public:
  /// Its standard output goes to `output`; -1: to what it says.
  Podman(std::vector<std::string> arguments, int output) : said_(::memfd_create("podman", MFD_CLOEXEC)) {
    if (!said_) throw system_error("podman", "keeping what it says", errno);
    arguments.insert(arguments.begin(), "podman");
    pid_ = spawn(arguments, -1, output < 0 ? said_.get() : output, said_.get(),
                 [] { return ::prctl(PR_SET_PDEATHSIG, SIGTERM) == 0 ? 0 : errno; });
  }
  ~Podman() {
    if (pid_ < 0) return;
    ::kill(pid_, SIGKILL);
    wait_for(pid_, for_ever);
  }
  Podman(const Podman&) = delete;
  Podman& operator=(const Podman&) = delete;

  ExitStatus end() {
    return wait_for(std::exchange(pid_, -1), for_ever).value_or(ExitStatus{.code = 255, .signal = 0});
  }

  /// The last of what it has said.
  [[nodiscard]] std::string said() const {
    std::array<char, 4096> text{};
    const off_t size = ::lseek(said_.get(), 0, SEEK_END);
    const off_t from = std::max<off_t>(0, size - static_cast<off_t>(text.size()));
    const ssize_t count = ::pread(said_.get(), text.data(), text.size(), from);
    return {text.data(), static_cast<std::size_t>(std::max<ssize_t>(0, count))};
  }

 private:
  UniqueFd said_;
  pid_t pid_ = -1;
};

/// The last line that is not empty, which is the one with podman's error.
std::string last_line(std::string_view text) {
  while (text.ends_with('\n')) text.remove_suffix(1);
  return std::string(text.substr(text.rfind('\n') + 1));  // npos + 1 is 0
}

void require_success(Podman& podman, const std::string& doing) {
  const ExitStatus status = podman.end();
  if (!status.success())
    throw Error(ErrorKind::environment, doing,
                fmt::format("{}: {}", status.text(), last_line(podman.said())));
}

}  // namespace

bool has_podman() {
  return !find_program("podman").empty();
}

std::optional<PodmanImage> podman_find(const std::string& name) {
  // The one call whose exit status tells an image that is not there from a podman that does not work.
  const std::string doing = "podman image exists " + name;
  Podman exists({"image", "exists", "--", name}, -1);
  const ExitStatus status = exists.end();
  if (status == ExitStatus{.code = 1, .signal = 0}) return std::nullopt;
  if (!status.success())
    throw Error(ErrorKind::environment, doing,
                fmt::format("{}: {}", status.text(), last_line(exists.said())));

  Podman inspect({"image", "inspect", "--format", "{{.Id}} {{.Size}}", "--", name}, -1);
  require_success(inspect, "podman image inspect " + name);
  const std::string told = last_line(inspect.said());
  const auto space = told.find(' ');
  PodmanImage image{.id = told.substr(0, space)};
  if (space != std::string::npos)
    std::from_chars(told.data() + space + 1, told.data() + told.size(), image.size);
  return image;
}

ByteReader podman_save(const std::string& name) {
  Pipe pipe = make_pipe();
  auto podman = std::make_unique<Podman>(
      std::vector<std::string>{"image", "save", "--quiet", "--format", "docker-archive", "--", name},
      pipe.write.get());
  return [reading = std::move(pipe.read), podman = std::move(podman), doing = "podman image save " + name,
          ended = false](std::span<std::byte> buffer) mutable -> std::size_t {
    if (ended) return 0;
    ssize_t count = 0;
    do {
      count = ::read(reading.get(), buffer.data(), buffer.size());
    } while (count < 0 && errno == EINTR);
    if (count < 0) throw system_error(doing, "reading", errno);
    if (count > 0) return static_cast<std::size_t>(count);
    ended = true;
    require_success(*podman, doing);
    return 0;
  };
}

void podman_load(const std::string& file) {
  Podman podman({"load", "--quiet", "--input", file}, -1);
  require_success(podman, "podman load");
}

}  // namespace slim
