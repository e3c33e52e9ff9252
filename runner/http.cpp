// RFC 9112: status line and fields (sections 4 and 5), and the three ways a body may end: chunked coding
// (7.1), Content-Length (6.2), the close of the connection (6.3).
#include "runner/http.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <poll.h>
#include <string>
#include <string_view>
#include <sys/socket.h>
#include <system_error>

namespace slim {
namespace {

constexpr std::size_t headers_cap = 64U << 10;
constexpr std::size_t answer_cap = 8U << 20;

template <typename Number>
std::optional<Number> number(std::string_view text, int base = 10) {
  Number value = 0;
  const auto result = std::from_chars(text.data(), text.data() + text.size(), value, base);
  if (text.empty() || result.ec != std::errc{} || result.ptr != text.data() + text.size())
    return std::nullopt;
  return value;
}

std::string_view trim(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

bool same_name(std::string_view a, std::string_view b) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
  return std::ranges::equal(a, b, {}, lower, lower);
}

const std::string* header(const HttpReply& response, std::string_view name) {
  for (const auto& [key, value] : response.headers) {
    if (same_name(key, name)) return &value;
  }
  return nullptr;
}

/// "HTTP/1.1 200 OK"
bool read_status_line(std::string_view line, HttpReply& response) {
  if (line.size() < 12 || !line.starts_with("HTTP/1.") || line[8] != ' ') return false;
  const auto status = number<int>(line.substr(9, 3));
  if (!status || *status < 100 || *status > 599) return false;
  if (line.size() > 12 && line[12] != ' ') return false;
  response.status = *status;
  response.reason = line.size() > 13 ? line.substr(13) : "";
  return true;
}

bool read_headers(std::string_view text, HttpReply& response) {
  while (!text.empty()) {
    const auto end = text.find("\r\n");
    const auto line = text.substr(0, end);
    text = end == std::string_view::npos ? std::string_view{} : text.substr(end + 2);
    const auto colon = line.find(':');
    if (colon == 0 || colon == std::string_view::npos) return false;
    response.headers.emplace_back(line.substr(0, colon), trim(line.substr(colon + 1)));
  }
  return true;
}

HttpState read_chunks(std::string_view bytes, HttpReply& response) {
  while (true) {
    const auto end = bytes.find("\r\n");
    if (end == std::string_view::npos)
      return bytes.size() > 1024 ? HttpState::not_http : HttpState::incomplete;
    const auto line = bytes.substr(0, end);
    const auto size = number<std::uint64_t>(trim(line.substr(0, line.find(';'))), 16);
    if (!size || *size > answer_cap) return HttpState::not_http;
    bytes.remove_prefix(end + 2);
    if (*size == 0) {
      // Trailers, if any, then an empty line.
      return bytes.starts_with("\r\n") || bytes.find("\r\n\r\n") != std::string_view::npos
                 ? HttpState::complete
                 : HttpState::incomplete;
    }
    if (bytes.size() < *size + 2) return HttpState::incomplete;
    if (bytes.substr(*size, 2) != "\r\n") return HttpState::not_http;
    response.body += bytes.substr(0, *size);
    bytes.remove_prefix(*size + 2);
  }
}

HttpState read_body(std::string_view bytes, bool closed, HttpReply& response) {
  if (response.status == 204 || response.status == 304) return HttpState::complete;
  if (const auto* coding = header(response, "Transfer-Encoding")) {
    if (!same_name(*coding, "chunked")) return HttpState::not_http;
    return read_chunks(bytes, response);
  }
  if (const auto* text = header(response, "Content-Length")) {
    const auto length = number<std::uint64_t>(*text);
    if (!length) return HttpState::not_http;
    if (bytes.size() < *length) return HttpState::incomplete;
    response.body = bytes.substr(0, *length);
    return HttpState::complete;
  }
  response.body = bytes;
  return closed ? HttpState::complete : HttpState::incomplete;
}

}  // namespace

HttpReading read_http_response(std::string_view bytes, bool closed, bool no_body) {
  HttpReading reading;
  const auto ended = [&](HttpState state) {
    // Whatever is missing will not come any more.
    reading.state = state == HttpState::incomplete && closed ? HttpState::not_http : state;
    if (reading.state != HttpState::complete) reading.response = {};
    return reading;
  };
  while (true) {
    constexpr std::string_view start = "HTTP/1.";
    if (!bytes.substr(0, start.size()).starts_with(start.substr(0, bytes.size())))
      return ended(HttpState::not_http);
    const auto end = bytes.substr(0, headers_cap).find("\r\n\r\n");
    if (end == std::string_view::npos) {
      return ended(bytes.size() >= headers_cap ? HttpState::not_http : HttpState::incomplete);
    }
    const auto head = bytes.substr(0, end);
    const auto line_end = std::min(head.find("\r\n"), head.size());
    reading.response = {};
    if (!read_status_line(head.substr(0, line_end), reading.response)) return ended(HttpState::not_http);
    const auto fields = head.substr(std::min(line_end + 2, head.size()));
    if (!read_headers(fields, reading.response)) return ended(HttpState::not_http);
    bytes.remove_prefix(end + 4);
    if (reading.response.status >= 200) break;
  }
  return ended(no_body ? HttpState::complete : read_body(bytes, closed, reading.response));
}

Exchange exchange(int socket, std::string_view request, std::chrono::milliseconds silence,
                  std::chrono::milliseconds limit, bool no_body) {
  using Clock = std::chrono::steady_clock;
  Exchange result;
  const auto begin = Clock::now();
  std::array<char, 65536> buffer{};
  while (true) {
    const auto deadline = begin + (result.raw.empty() ? silence : limit);
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now()).count();
    const auto events = static_cast<short>(request.empty() ? POLLIN : POLLIN | POLLOUT);
    pollfd item{.fd = socket, .events = events, .revents = 0};
    const int ready = left > 0 ? ::poll(&item, 1, static_cast<int>(left)) : 0;
    if (ready < 0 && errno == EINTR) continue;
    if (ready <= 0) {
      result.timed_out = true;
      return result;
    }
    if ((item.revents & POLLOUT) != 0 && !request.empty()) {
      const auto sent = ::send(socket, request.data(), request.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
      request.remove_prefix(sent > 0 ? static_cast<std::size_t>(sent) : request.size());
    }
    if ((item.revents & (POLLIN | POLLHUP | POLLERR)) == 0) continue;
    const auto got = ::recv(socket, buffer.data(), buffer.size(), MSG_DONTWAIT);
    if (got < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    result.closed = got <= 0;
    if (got > 0) result.raw.append(buffer.data(), static_cast<std::size_t>(got));
    result.http = read_http_response(result.raw, result.closed, no_body);
    result.truncated = result.raw.size() > answer_cap;
    if (result.closed || result.truncated || result.http.state == HttpState::complete) return result;
  }
}

std::string get_request(std::string_view path) {
  return "GET " + std::string(path) +
         " HTTP/1.1\r\nHost: localhost\r\nUser-Agent: slim\r\nAccept: */*\r\nConnection: close\r\n\r\n";
}

}  // namespace slim
