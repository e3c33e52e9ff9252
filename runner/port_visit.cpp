// Which pages there are is learnt in the first run of the original; the other runs ask for the same ones, so
// that a link that is made by chance is asked for on both sides or on neither.
#include "runner/port_visit.h"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <iterator>
#include <optional>
#include <set>
#include <string>
#include <unordered_set>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "runner/http.h"
#include "runner/http_probe.h"
#include "runner/links.h"
#include "runner/port_table.h"
#include "runner/sandbox.h"

namespace slim {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr milliseconds answer_limit{10'000};
constexpr std::size_t raw_answer_cap = 4096;
constexpr int first_server_error = 500;  // RFC 9110, 15.6

class Visit {
 public:
  Visit(Container& container, const ListeningPort& port, const VisitPlan& plan)
      : container_(container), port_(port), plan_(plan), name_(fmt::format("port {}", port.port)) {}

  PortVisit run() {
    const auto connection = container_.connect(port_);
    result_.facets.push_back({.what = name_, .value = connection ? "accepts" : "refuses"});
    result_.summary = name_ + (connection ? "" : " refuses");
    if (!connection) return std::move(result_);
    if (plan_.only_connect) {
      result_.summary += ": accepts";
      return std::move(result_);
    }
    const auto answer = exchange(connection.get(), get_request("/"), plan_.silence, answer_limit);
    if (answer.http.state == HttpState::complete) {
      home(answer.http.response);
    } else {
      other(answer);
    }
    return std::move(result_);
  }

 private:
  void home(const HttpReply& response) {
    report("/", response, false);
    result_.summary += fmt::format(": GET / {}", response.status);
    if (response.status >= first_server_error) {
      result_.unproved = fmt::format("{} answers GET / with {}: it may lack something that it needs", name_,
                                     response.status);
    }
    if (plan_.pages != nullptr) {
      for (const auto& page : *plan_.pages) get(page);
    } else {
      crawl(response);
    }
    if (whole_ != 0) result_.summary += fmt::format(" and {} page{} more", whole_, whole_ == 1 ? "" : "s");
    if (whole_ != result_.pages.size())
      result_.summary += fmt::format(" ({} not answered whole)", result_.pages.size() - whole_);
  }

  /// Breadth first: what is near to "/" is what people see.
  void crawl(const HttpReply& first) {
    std::unordered_set<std::string> known = {"/"};
    std::set<std::string> level;
    const auto take = [&](const HttpReply& response, const std::string& path) {
      for (auto& link : links_of(response, {.path = path, .port = port_.port})) {
        if (known.insert(link).second) level.insert(std::move(link));
      }
    };
    take(first, "/");
    for (unsigned depth = 0; depth < plan_.bounds.depth && !level.empty(); ++depth) {
      for (const auto& path : std::exchange(level, {})) {
        if (is_full()) return;
        if (const auto response = get(path)) take(*response, path);
      }
    }
  }

  [[nodiscard]] bool is_full() const {
    return result_.pages.size() >= plan_.bounds.pages || bytes_ >= plan_.bounds.bytes ||
           Clock::now() - begin_ >= plan_.bounds.time || is_gone_;
  }

  std::optional<HttpReply> get(const std::string& path) {
    result_.pages.push_back(path);
    const auto connection = is_gone_ ? UniqueFd() : container_.connect(port_);
    is_gone_ = !connection;  // without the server, the rest is not waited for
    Exchange answer;
    if (connection) answer = exchange(connection.get(), get_request(path), plan_.silence, answer_limit);
    bytes_ += answer.raw.size();
    if (answer.http.state != HttpState::complete) {
      const auto what = answer.timed_out ? "(does not end in time)" : "(no whole answer)";
      result_.facets.push_back({.what = "GET " + path + " on " + name_ + ": status",
                                .value = what,
                                .weak = true,
                                .telling = true});
      return std::nullopt;
    }
    ++whole_;
    report(path, answer.http.response, true);
    return std::move(answer.http.response);
  }

  void report(const std::string& path, const HttpReply& response, bool weak) {
    auto facets = http_facets("GET " + path + " on " + name_, response, weak);
    std::ranges::move(facets, std::back_inserter(result_.facets));
  }

  void other(const Exchange& answer) {
    if (answer.raw.empty() && answer.timed_out) {
      result_.silent = true;
      result_.summary += ": accepts, says nothing";
      return;
    }
    if (answer.raw.starts_with("HTTP/")) {
      result_.unproved = fmt::format(
          "the answer of {} to GET / is too long or does not end: it was not compared whole", name_);
    }
    // Not HTTP: that it accepts is what counts; what it says to a stranger is compared where it is steady.
    result_.facets.push_back(
        {.what = name_ + ": answer", .value = answer.raw.substr(0, raw_answer_cap), .weak = true});
    result_.summary += answer.raw.empty() ? ": accepts" : ": accepts, answers";
  }

  Container& container_;
  const ListeningPort& port_;
  const VisitPlan& plan_;
  std::string name_;
  PortVisit result_;
  Clock::time_point begin_ = Clock::now();
  std::size_t bytes_ = 0;
  std::size_t whole_ = 0;  ///< pages beside "/" whose answers were compared
  bool is_gone_ = false;
};

}  // namespace

PortVisit visit_port(Container& container, const ListeningPort& port, const VisitPlan& plan) {
  return Visit(container, port, plan).run();
}

}  // namespace slim
