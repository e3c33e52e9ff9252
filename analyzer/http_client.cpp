// Every request is driven by whoever waits for it: libcurl's multi interface is asked to go on until there is
// something to return, and a full buffer pauses the transfer. So a body needs no thread of its own, a reader
// that is dropped stops at once, and the time that its user takes counts for nobody's slowness. A lane is one
// multi handle, which keeps connections, and one easy handle; a request has a lane to itself and gives it
// back. libcurl: curl_easy_setopt(3), libcurl-multi(3). HTTP: RFC 9110, RFC 9112.
#include "analyzer/http_client.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <curl/curl.h>
#include <exception>
#include <memory>
#include <mutex>
#include <new>
#include <span>
#include <string>
#include <string_view>
#include <sys/socket.h>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "analyzer/byte_stream.h"
#include "analyzer/error.h"
#include "analyzer/host_file.h"
#include "analyzer/registry_hosts.h"

namespace slim {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr std::size_t most_ahead = std::size_t{256} << 10;
constexpr std::size_t most_headers = 1000;
constexpr long most_redirects = 10;
constexpr int poll_milliseconds = 500;

bool same_letters(std::string_view one, std::string_view other) {
  return std::ranges::equal(
      one, other, {}, [](unsigned char c) { return std::tolower(c); },
      [](unsigned char c) { return std::tolower(c); });
}

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view space = " \t\r\n";
  const auto first = text.find_first_not_of(space);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(space) - first + 1);
}

HttpTrouble trouble_of(CURLcode code) {
  switch (code) {
    case CURLE_URL_MALFORMAT:
    case CURLE_UNSUPPORTED_PROTOCOL:
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_RESOLVE_PROXY:
      return HttpTrouble::address;
    case CURLE_COULDNT_CONNECT:
      return HttpTrouble::connect;
    case CURLE_OPERATION_TIMEDOUT:
      return HttpTrouble::slow;
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CIPHER:
      return HttpTrouble::tls;
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_SSL_INVALIDCERTSTATUS:
      return HttpTrouble::trust;
    default:
      return HttpTrouble::broken;
  }
}

struct CloseEasy {
  void operator()(CURL* easy) const { curl_easy_cleanup(easy); }
};
struct CloseMulti {
  void operator()(CURLM* multi) const { curl_multi_cleanup(multi); }
};
struct FreeUrl {
  void operator()(CURLU* url) const { curl_url_cleanup(url); }
};
struct FreeText {
  void operator()(char* text) const { curl_free(text); }
};
struct FreeList {
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};

struct Lane {
  std::unique_ptr<CURLM, CloseMulti> multi;
  std::unique_ptr<CURL, CloseEasy> easy;  // gone before the multi handle
};

/// Descriptors that no child inherits, in whatever thread it is forked.
curl_socket_t open_socket(void* /*user*/, curlsocktype /*purpose*/, curl_sockaddr* address) {
  return ::socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

/// The files behind each other, and behind them what the system trusts where libcurl would not look itself.
std::string trusted_text(const TlsOptions& tls) {
  std::string text;
  for (const std::string& file : tls.ca_files) text += read_host_file(file, "CA file") + "\n";
  const curl_version_info_data* built = curl_version_info(CURLVERSION_NOW);
  if (tls.system_ca && built->capath == nullptr && built->cainfo != nullptr)
    text += read_host_file(built->cainfo, "CA file");
  return text;
}

}  // namespace

struct HttpClient::Lanes {
  std::mutex mutex;
  std::vector<Lane> idle;

  Lane take() {
    {
      const std::scoped_lock lock(mutex);
      if (!idle.empty()) {
        Lane lane = std::move(idle.back());
        idle.pop_back();
        return lane;
      }
    }
    Lane lane{.multi = std::unique_ptr<CURLM, CloseMulti>(curl_multi_init()),
              .easy = std::unique_ptr<CURL, CloseEasy>(curl_easy_init())};
    if (!lane.multi || !lane.easy) throw Error(ErrorKind::environment, "libcurl", "cannot be started");
    return lane;
  }
  void give_back(Lane lane) {
    const std::scoped_lock lock(mutex);
    idle.push_back(std::move(lane));
  }
};

namespace {

/// One request and its answer, on a lane. Not moved: libcurl knows its address.
class Exchange {
 public:
  Exchange(Lane lane, HttpRequest request, const HttpPatience& patience)
      : lane_(std::move(lane)),
        request_(std::move(request)),
        patience_(patience),
        what_(request_.method + " " + url_for_messages(request_.url)) {
    buffer_.reserve(most_ahead);
    // A failure below leaves a lane that nobody gets again.
    prepare();
    if (curl_multi_add_handle(lane_.multi.get(), easy()) != CURLM_OK)
      throw Error(ErrorKind::environment, what_, "libcurl refuses the request");
    added_ = true;
  }
  ~Exchange() { leave(); }
  Exchange(const Exchange&) = delete;
  Exchange& operator=(const Exchange&) = delete;

  /// Waits for the headers of the final answer.
  HttpResponse head() {
    drive([this] { return headers_done_; });
    long redirects = 0;
    curl_easy_getinfo(easy(), CURLINFO_REDIRECT_COUNT, &redirects);
    return {.status = status_, .headers = std::move(headers_), .redirected = redirects > 0, .body = {}};
  }

  std::size_t read(std::span<std::byte> target) {
    if (position_ == buffer_.size()) {
      buffer_.clear();
      position_ = 0;
      if (paused_) {
        paused_ = false;
        curl_easy_pause(easy(), CURLPAUSE_CONT);
      }
      drive([this] { return !buffer_.empty(); });
    }
    const std::size_t count = std::min(target.size(), buffer_.size() - position_);
    if (count != 0) std::memcpy(target.data(), buffer_.data() + position_, count);
    position_ += count;
    return count;
  }

  /// Ends the exchange; the lane can be used again.
  Lane leave() {
    if (added_) curl_multi_remove_handle(lane_.multi.get(), easy());
    if (lane_.easy) curl_easy_reset(easy());
    added_ = false;
    return std::move(lane_);
  }

 private:
  [[nodiscard]] CURL* easy() const { return lane_.easy.get(); }

  template <typename Value>
  void set(CURLoption option, Value value) {
    const CURLcode code = curl_easy_setopt(easy(), option, value);
    if (code != CURLE_OK) throw HttpError(trouble_of(code), what_, curl_easy_strerror(code));
  }

  void prepare() {
    error_text_[0] = '\0';
    set(CURLOPT_ERRORBUFFER, error_text_.data());
    set(CURLOPT_NOSIGNAL, 1L);
    set(CURLOPT_URL, request_.url.c_str());
    set(CURLOPT_PROTOCOLS_STR, "http,https");
    set(CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
    set(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
    set(CURLOPT_USERAGENT, "slim/" SLIM_VERSION);
    set(CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(patience_.connect.count()));
    set(CURLOPT_OPENSOCKETFUNCTION, &open_socket);
    if (!request_.unix_socket.empty()) set(CURLOPT_UNIX_SOCKET_PATH, request_.unix_socket.c_str());
    // This machine is not what a proxy means by localhost; docker and podman ask none either.
    if (is_loopback(host_of(request_.url))) set(CURLOPT_PROXY, "");
    set(CURLOPT_HEADERFUNCTION, &on_header);
    set(CURLOPT_HEADERDATA, this);
    set(CURLOPT_WRITEFUNCTION, &on_body);
    set(CURLOPT_WRITEDATA, this);
    set_tls();
    set_method();
    for (const auto& [name, value] : request_.headers) add_header(name + ": " + value);
    set(CURLOPT_HTTPHEADER, header_list_.get());
  }

  void set_tls() {
    const TlsOptions& tls = request_.tls;
    set(CURLOPT_SSL_VERIFYPEER, tls.insecure ? 0L : 1L);
    set(CURLOPT_SSL_VERIFYHOST, tls.insecure ? 0L : 2L);
    if (!tls.certificate.empty()) set(CURLOPT_SSLCERT, tls.certificate.c_str());
    if (!tls.key.empty()) set(CURLOPT_SSLKEY, tls.key.c_str());
    if (!tls.system_ca) set(CURLOPT_CAPATH, static_cast<const char*>(nullptr));
    if (tls.ca_files.empty()) return;
    std::string text = trusted_text(tls);
    curl_blob blob{.data = text.data(), .len = text.size(), .flags = CURL_BLOB_COPY};
    set(CURLOPT_CAINFO_BLOB, &blob);
  }

  void set_method() {
    const std::string& method = request_.method;
    const bool reads = method == "GET" || method == "HEAD";
    follows_ = reads;
    if (reads) {
      set(CURLOPT_FOLLOWLOCATION, 1L);
      set(CURLOPT_MAXREDIRS, most_redirects);
      const bool open = request_.tls.insecure || !request_.url.starts_with("https:");
      set(CURLOPT_REDIR_PROTOCOLS_STR, open ? "http,https" : "https");
    }
    if (method == "HEAD") {
      set(CURLOPT_NOBODY, 1L);
      return;
    }
    if (request_.body) {
      set(CURLOPT_UPLOAD, 1L);
      set(CURLOPT_READFUNCTION, &on_send);
      set(CURLOPT_READDATA, this);
      const std::uint64_t size = request_.body->size;
      set(CURLOPT_INFILESIZE_LARGE, size == unknown_size ? curl_off_t{-1} : static_cast<curl_off_t>(size));
      add_header("Expect:");  // a server that knows it not would be waited for
    }
    set(CURLOPT_CUSTOMREQUEST, method.c_str());
  }

  void add_header(const std::string& line) {
    curl_slist* old = header_list_.release();
    curl_slist* longer = curl_slist_append(old, line.c_str());
    header_list_.reset(longer == nullptr ? old : longer);
    if (longer == nullptr) throw std::bad_alloc();
  }

  /// Lets the transfer go on until `enough` or its end. Throws where it fails.
  template <typename Enough>
  void drive(const Enough& enough) {
    auto last = Clock::now();
    while (!enough() && !finished_) {
      int running = 0;
      if (curl_multi_perform(lane_.multi.get(), &running) != CURLM_OK)
        throw HttpError(HttpTrouble::broken, what_, "libcurl cannot go on");
      note_end();
      if (enough() || finished_) break;
      curl_multi_poll(lane_.multi.get(), nullptr, 0, poll_time(), nullptr);
      const auto now = Clock::now();
      be_patient(std::chrono::duration_cast<milliseconds>(now - last));
      last = now;
    }
    // What has come before a failure is handed on first.
    if (finished_ && !enough()) judge();
  }

  [[nodiscard]] int poll_time() const {
    const auto shortest =
        std::min({milliseconds(poll_milliseconds), patience_.answer,
                  patience_.slow_time.count() == 0 ? patience_.answer : patience_.slow_time});
    return static_cast<int>(std::max<milliseconds::rep>(shortest.count(), 1));
  }

  void note_end() {
    int left = 0;
    while (const CURLMsg* message = curl_multi_info_read(lane_.multi.get(), &left)) {
      if (message->msg != CURLMSG_DONE) continue;
      finished_ = true;
      result_ = message->data.result;
    }
  }

  [[nodiscard]] std::uint64_t moved() const {
    curl_off_t down = 0;
    curl_off_t up = 0;
    curl_easy_getinfo(easy(), CURLINFO_SIZE_DOWNLOAD_T, &down);
    curl_easy_getinfo(easy(), CURLINFO_SIZE_UPLOAD_T, &up);
    return static_cast<std::uint64_t>(down) + static_cast<std::uint64_t>(up);
  }

  /// Counts `waited`, which was spent on nothing but this transfer.
  void be_patient(milliseconds waited) {
    const bool all_sent = !request_.body || sent_all_;
    const bool awaits_answer = !headers_done_ && all_sent;
    if (awaits_answer != awaited_answer_) {
      awaited_answer_ = awaits_answer;
      window_ = {.waited = milliseconds(0), .start = moved()};
    }
    window_.waited += waited;
    const milliseconds limit = awaits_answer ? patience_.answer : patience_.slow_time;
    if (limit.count() == 0 || window_.waited < limit) return;
    const std::uint64_t bytes = moved() - window_.start;
    const double seconds = std::chrono::duration<double>(window_.waited).count();
    if (awaits_answer)
      throw HttpError(HttpTrouble::slow, what_, fmt::format("no answer within {:.0f} s", seconds));
    if (bytes < patience_.slow_bytes)
      throw HttpError(HttpTrouble::slow, what_,
                      fmt::format("too slow: {} bytes in {:.0f} s", bytes, seconds));
    window_ = {.waited = milliseconds(0), .start = moved()};
  }

  void judge() {
    if (failure_) std::rethrow_exception(std::exchange(failure_, nullptr));
    if (result_ == CURLE_OK && headers_done_) return;
    const std::string why = error_text_[0] != '\0' ? error_text_.data() : curl_easy_strerror(result_);
    throw HttpError(result_ == CURLE_OK ? HttpTrouble::broken : trouble_of(result_), what_,
                    result_ == CURLE_OK ? "ended without an answer" : why);
  }

  static std::size_t on_header(char* data, std::size_t, std::size_t count, void* self) {
    return static_cast<Exchange*>(self)->guarded(0, [&](Exchange& exchange) {
      exchange.take_header(std::string_view(data, count));
      return count;
    });
  }

  void take_header(std::string_view line) {
    if (line.starts_with("HTTP/")) {  // of a redirect or a 100 before, too
      headers_.clear();
      long status = 0;
      curl_easy_getinfo(easy(), CURLINFO_RESPONSE_CODE, &status);
      status_ = static_cast<int>(status);
      return;
    }
    line = trimmed(line);
    if (line.empty()) {
      const bool goes_on =
          follows_ && status_ >= 300 && status_ < 400 && !header_value(headers_, "Location").empty();
      headers_done_ = headers_done_ || (status_ >= 200 && !goes_on);
      return;
    }
    const auto colon = line.find(':');
    if (colon == std::string_view::npos || headers_done_) return;  // not one, or a trailer
    if (headers_.size() == most_headers)
      throw HttpError(HttpTrouble::broken, what_, fmt::format("more than {} headers", most_headers));
    headers_.emplace_back(trimmed(line.substr(0, colon)), trimmed(line.substr(colon + 1)));
  }

  static std::size_t on_body(char* data, std::size_t, std::size_t count, void* self) {
    return static_cast<Exchange*>(self)->guarded(0, [&](Exchange& exchange) {
      exchange.headers_done_ = true;
      if (!exchange.buffer_.empty() && exchange.buffer_.size() + count > most_ahead) {
        exchange.paused_ = true;
        return std::size_t{CURL_WRITEFUNC_PAUSE};
      }
      const auto bytes = std::as_bytes(std::span(data, count));
      exchange.buffer_.insert(exchange.buffer_.end(), bytes.begin(), bytes.end());
      return count;
    });
  }

  static std::size_t on_send(char* data, std::size_t size, std::size_t count, void* self) {
    return static_cast<Exchange*>(self)->guarded(CURL_READFUNC_ABORT, [&](Exchange& exchange) {
      const auto target = std::as_writable_bytes(std::span(data, size * count));
      if (exchange.sent_all_ || target.empty()) return std::size_t{0};
      const std::size_t given = exchange.request_.body->bytes(target);
      exchange.sent_ += given;
      exchange.sent_all_ = given == 0 || exchange.sent_ == exchange.request_.body->size;
      return given;
    });
  }

  /// Nothing may be thrown through libcurl.
  template <typename Action>
  std::size_t guarded(std::size_t failed, const Action& action) {
    try {
      return action(*this);
    } catch (...) {
      failure_ = std::current_exception();
      return failed;
    }
  }

  struct Window {
    milliseconds waited{0};
    std::uint64_t start = 0;  ///< bytes that had moved
  };

  Lane lane_;
  HttpRequest request_;
  HttpPatience patience_;
  std::string what_;
  std::unique_ptr<curl_slist, FreeList> header_list_;
  std::array<char, CURL_ERROR_SIZE> error_text_{};
  bool added_ = false;
  bool follows_ = false;

  int status_ = 0;
  HttpHeaders headers_;
  bool headers_done_ = false;
  std::vector<std::byte> buffer_;
  std::size_t position_ = 0;  ///< how much of the buffer was read
  bool paused_ = false;
  std::uint64_t sent_ = 0;
  bool sent_all_ = false;
  bool awaited_answer_ = false;
  Window window_;
  bool finished_ = false;
  CURLcode result_ = CURLE_OK;
  std::exception_ptr failure_;
};

}  // namespace

std::string_view header_value(const HttpHeaders& headers, std::string_view name) {
  const auto found =
      std::ranges::find_if(headers, [&](const auto& header) { return same_letters(header.first, name); });
  return found == headers.end() ? std::string_view() : std::string_view(found->second);
}

HttpBody text_body(std::string text) {
  const std::size_t size = text.size();
  return {.bytes =
              [text = std::move(text), at = std::size_t{0}](std::span<std::byte> buffer) mutable {
                const std::size_t count = std::min(buffer.size(), text.size() - at);
                if (count != 0) std::memcpy(buffer.data(), text.data() + at, count);
                at += count;
                return count;
              },
          .size = size};
}

HttpClient::HttpClient(HttpPatience patience) : lanes_(std::make_shared<Lanes>()), patience_(patience) {
  static const CURLcode started = curl_global_init(CURL_GLOBAL_DEFAULT);
  if (started != CURLE_OK) throw Error(ErrorKind::environment, "libcurl", curl_easy_strerror(started));
}
HttpClient::~HttpClient() = default;
HttpClient::HttpClient(HttpClient&&) noexcept = default;
HttpClient& HttpClient::operator=(HttpClient&&) noexcept = default;

HttpResponse HttpClient::send(HttpRequest request) {
  auto exchange = std::make_unique<Exchange>(lanes_->take(), std::move(request), patience_);
  HttpResponse response = exchange->head();
  response.body = [exchange = std::move(exchange), lanes = lanes_](std::span<std::byte> buffer) mutable {
    if (!exchange) return std::size_t{0};
    const std::size_t count = exchange->read(buffer);
    if (count == 0) {
      lanes->give_back(exchange->leave());
      exchange = nullptr;
    }
    return count;
  };
  return response;
}

std::string url_for_messages(std::string_view url) {
  url = url.substr(0, url.find_first_of("?#"));
  const auto scheme = url.find("://");
  if (scheme == std::string_view::npos) return std::string(url);
  const auto host = scheme + 3;
  const auto slash = std::min(url.find('/', host), url.size());
  const auto at = url.substr(0, slash).rfind('@');
  if (at == std::string_view::npos || at < host) return std::string(url);
  return std::string(url.substr(0, host)) + std::string(url.substr(at + 1));
}

std::string host_of(std::string_view url) {
  const auto scheme = url.find("://");
  if (scheme == std::string_view::npos) return {};
  url.remove_prefix(scheme + 3);
  return std::string(url.substr(0, url.find_first_of("/?#")));
}

std::string resolved_url(const std::string& base, const std::string& location) {
  const std::unique_ptr<CURLU, FreeUrl> url(curl_url());
  if (!url || curl_url_set(url.get(), CURLUPART_URL, base.c_str(), 0) != CURLUE_OK ||
      curl_url_set(url.get(), CURLUPART_URL, location.c_str(), 0) != CURLUE_OK)
    return {};
  char* text = nullptr;
  if (curl_url_get(url.get(), CURLUPART_URL, &text, 0) != CURLUE_OK) return {};
  const std::unique_ptr<char, FreeText> owned(text);
  return owned.get();
}

std::string url_encoded(std::string_view text) {
  std::string encoded;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       std::string_view("-._~").find(c) != std::string_view::npos;
    encoded += plain ? std::string(1, c) : fmt::format("%{:02X}", byte);
  }
  return encoded;
}

}  // namespace slim
