// Just enough HTTP/1.1 to ask a server in a container for a page and to read the answer strictly (RFC 9112).
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace slim {

struct HttpReply {
  int status = 0;
  std::string reason;
  std::vector<std::pair<std::string, std::string>> headers;  ///< names as sent, values without outer blanks
  std::string body;                                          ///< decoded where it was chunked
};

enum class HttpState : std::uint8_t {
  incomplete,  ///< more bytes are needed
  complete,
  not_http,  ///< the bytes do not begin as a response does, or break the format
};

struct HttpReading {
  HttpState state = HttpState::incomplete;
  HttpReply response;  ///< where complete
};

/// Reads the response at the start of `bytes`; `closed`: the server has closed, there will be no more.
/// Interim responses (1xx) are skipped. At most 64 KiB of headers.
/// `no_body`: it answers HEAD.
HttpReading read_http_response(std::string_view bytes, bool closed, bool no_body = false);

/// What a server said to one request.
struct Exchange {
  std::string raw;         ///< at most 8 MiB
  bool closed = false;     ///< by the server
  bool truncated = false;  ///< there was more than 8 MiB
  bool timed_out = false;  ///< it neither answered whole nor closed in time
  HttpReading http;
};

/// Sends `request` on a connected socket and reads until a whole HTTP response is there, the server closes,
/// or `limit` is over; a server that says nothing at all is given up after `silence`.
Exchange exchange(int socket, std::string_view request, std::chrono::milliseconds silence,
                  std::chrono::milliseconds limit, bool no_body = false);

/// The request for a page, on a connection that is closed afterwards.
std::string get_request(std::string_view path);

}  // namespace slim
