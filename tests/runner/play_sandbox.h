// A sandbox that only exists in memory, whose containers serve pages, run commands and hold files as a test
// says.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <expected>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <signal.h>
#include <string>
#include <string_view>
#include <sys/socket.h>
#include <sys/stat.h>
#include <thread>
#include <unistd.h>
#include <utility>
#include <vector>

#include "analyzer/unique_fd.h"
#include "runner/sandbox.h"

namespace slim {

/// What a container of the double does.
struct Play {
  std::optional<ExitStatus> exits;  ///< by itself, at once
  ExitStatus on_signal;             ///< how a signal that ends programs ends it
  std::vector<std::uint16_t> ports;
  std::map<std::string, std::string> pages;  ///< whole responses by request line ("GET /"); else: 404
  std::string answer;                        ///< instead of pages, whatever is asked
  std::map<std::string, ExecResult> execs;   ///< by program
  std::map<std::string, std::string> files;
  std::string output;
  std::string error;
  std::string on_hangup;  ///< what it writes when it gets SIGHUP
  std::optional<Activity> activity;
  std::optional<Watched> watched;
};

inline std::string page(const std::string& body, const std::string& type = "text/html", int status = 200) {
  return "HTTP/1.1 " + std::to_string(status) + " Said\r\nContent-Type: " + type +
         "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

class PlayContainer : public Container {
 public:
  PlayContainer(Play play, std::vector<std::string>& log)
      : play_(std::move(play)), log_(log), status_(play_.exits) {}

  std::optional<ExitStatus> wait(Deadline deadline) override {
    if (!status_)
      std::this_thread::sleep_until(std::min(deadline, Clock::now() + std::chrono::milliseconds(1)));
    return status_;
  }
  void signal(int number) override {
    log_.push_back("signal " + std::to_string(number));
    if (number == SIGHUP) {
      play_.output += play_.on_hangup;
    } else if (!status_) {
      status_ = number == SIGKILL ? ExitStatus{.code = 0, .signal = SIGKILL} : play_.on_signal;
    }
  }
  std::vector<ListeningPort> listening_ports() override {
    std::vector<ListeningPort> ports;
    for (const auto port : play_.ports) ports.push_back({.port = port});
    return status_ ? std::vector<ListeningPort>{} : ports;
  }
  std::vector<ListeningSocket> listening_sockets() override { return {}; }
  UniqueFd connect(const ListeningPort& port) override {
    std::array<int, 2> ends{};
    if (status_ || std::ranges::find(play_.ports, port.port) == play_.ports.end() ||
        ::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0)
      return {};
    servers_.emplace_back([this, server = ends[1]] { serve(UniqueFd(server)); });
    return UniqueFd(ends[0]);
  }
  Captured output(OutputStream stream) override {
    return {.text = stream == OutputStream::standard_output ? play_.output : play_.error, .dropped = 0};
  }
  std::optional<Watched> watched() override { return play_.watched; }
  FileChanges changes() override { return {}; }
  std::vector<std::string> processes() override { return {"program, a child of none"}; }
  std::uint64_t peak_memory() override { return 4096; }
  std::expected<ExecResult, StartFailure> exec(const ExecStart& start, Deadline /*deadline*/) override {
    log_.push_back("exec " + start.argv.at(0));
    const auto found = play_.execs.find(start.argv.at(0));
    if (found == play_.execs.end())
      return std::unexpected(StartFailure{.exit_code = 127, .message = "not found"});
    return found->second;
  }
  std::optional<std::string> read_file(const std::string& path, std::size_t cap) override {
    const auto found = play_.files.find(path);
    if (found == play_.files.end()) return std::nullopt;
    return found->second.substr(0, cap);
  }
  std::optional<FileStatus> file_status(const std::string& path) override {
    if (!play_.files.contains(path)) return std::nullopt;
    return FileStatus{.mode = S_IFREG | 0644U, .uid = 0, .gid = 3};
  }
  std::optional<Activity> activity() override { return play_.activity; }
  bool write_file(const std::string& path, std::string_view content) override {
    if (path == "/full") return false;
    play_.files[path] = content;
    return true;
  }

 private:
  using Clock = std::chrono::steady_clock;

  void serve(UniqueFd socket) const {
    std::string request;
    std::array<char, 4096> buffer{};
    while (play_.answer.empty() && request.find("\r\n\r\n") == std::string::npos) {
      const auto got = ::recv(socket.get(), buffer.data(), buffer.size(), 0);
      if (got <= 0) return;
      request.append(buffer.data(), static_cast<std::size_t>(got));
    }
    const auto line = request.substr(0, request.find(" HTTP/"));
    const auto found = play_.pages.find(line);
    const auto text = !play_.answer.empty()        ? play_.answer
                      : found != play_.pages.end() ? found->second
                                                   : page("none", "text/plain", 404);
    ::send(socket.get(), text.data(), text.size(), MSG_NOSIGNAL);
    // What speaks first and says no more keeps its connection open until the other side closes.
    while (!play_.answer.empty() && ::recv(socket.get(), buffer.data(), buffer.size(), 0) > 0) {
    }
  }

  Play play_;
  std::vector<std::string>& log_;
  std::optional<ExitStatus> status_;
  std::vector<std::jthread> servers_;
};

/// Container number n (from 0) plays what the function says of its start.
class PlaySandbox : public Sandbox {
 public:
  using Plays = std::function<std::expected<Play, StartFailure>(const ContainerStart&)>;
  explicit PlaySandbox(Plays plays) : plays_(std::move(plays)) {}

  std::expected<std::unique_ptr<Container>, StartFailure> start(const ContainerStart& start) override {
    starts.push_back(start);
    auto play = plays_(start);
    if (!play) return std::unexpected(play.error());
    return std::make_unique<PlayContainer>(*std::move(play), log);
  }
  void make_view(const std::vector<bool>& /*kept*/) override {}
  [[nodiscard]] const SandboxFacts& facts() const override { return facts_; }

  std::vector<ContainerStart> starts;
  std::vector<std::string> log;  ///< signals and commands, in their order

 private:
  Plays plays_;
  SandboxFacts facts_;
};

}  // namespace slim
