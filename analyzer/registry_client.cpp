// A request is sent with what the last one of its kind was let in with. A 401 says what is wanted instead: a
// password, or a token that another server gives for it. Tokens run out, so that a 401 may come at any time.
#include "analyzer/registry_client.h"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <ctime>
#include <curl/curl.h>
#include <expected>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "analyzer/auth_challenge.h"
#include "analyzer/byte_stream.h"
#include "analyzer/error.h"
#include "analyzer/http_client.h"
#include "analyzer/json.h"
#include "analyzer/json_object.h"
#include "analyzer/registry_credentials.h"
#include "analyzer/registry_hosts.h"
#include "analyzer/registry_name.h"

namespace slim {
namespace {

using std::chrono::milliseconds;

constexpr std::uint64_t largest_answer = std::uint64_t{1} << 20;  ///< of errors and tokens
constexpr std::size_t longest_message = 300;

bool worth_a_retry(int status) {
  return status == 429 || status == 500 || status == 502 || status == 503 || status == 504;
}

}  // namespace

std::optional<milliseconds> asked_wait(const HttpResponse& response) {
  const std::string text(response.header("Retry-After"));
  if (text.empty()) return std::nullopt;
  std::int64_t seconds = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  if (error != std::errc() || end != text.data() + text.size()) {
    const std::time_t date = curl_getdate(text.c_str(), nullptr);
    if (date == -1) return std::nullopt;
    seconds = date - std::time(nullptr);
  }
  constexpr std::int64_t day = 86'400;
  return std::chrono::seconds(std::clamp<std::int64_t>(seconds, 0, day));
}

namespace {

/// Reads what is left of a small answer, so that its connection can be used again.
void finish(HttpResponse& response) {
  try {
    static_cast<void>(read_all(std::move(response.body), largest_answer, "answer"));
  } catch (const Error&) {
    response.body = nullptr;  // nobody wants it
  }
}

/// The registry's own words (distribution-spec, "Error Codes"); empty where there are none.
std::string message_of(HttpResponse& response) {
  try {
    const std::string body = read_all(std::move(response.body), largest_answer, "answer");
    const nlohmann::json document = parse_json(body, "answer");
    for (const JsonObject& error : JsonObject(document, "answer").objects("errors")) {
      const std::string message = error.string("message");
      if (!message.empty()) return message.substr(0, longest_message);
    }
  } catch (const Error&) {
    return {};  // some proxy's page, or nothing
  }
  return {};
}

std::string origin_of(std::string_view url) {
  const auto scheme = url.find("://");
  if (scheme == std::string_view::npos) return {};
  return std::string(url.substr(0, std::min(url.find_first_of("/?#", scheme + 3), url.size())));
}

}  // namespace

void Retries::wait(std::optional<milliseconds> asked) {
  const milliseconds own = patience_.first_wait * (1 << std::min(used_ - 1, 10));
  ++used_;
  std::this_thread::sleep_for(asked ? std::max(*asked, milliseconds(1)) : own);
}

RegistryClient::RegistryClient(RegistryName name, bool insecure, std::string what)
    : name_(std::move(name)),
      insecure_(insecure),
      what_(std::move(what)),
      patience_(registry_patience()),
      http_(patience_.http),
      tls_(tls_for(name_.host, insecure)),
      base_(chosen_base()) {}

std::string RegistryClient::chosen_base() {
  const auto try_base = [this](const std::string& base) {
    HttpResponse response = http_.send({.url = base + "/v2/", .tls = tls_});
    finish(response);
    return base;
  };
  const std::string secure = "https://" + name_.endpoint();
  const std::string plain = "http://" + name_.endpoint();
  const bool plain_will_do = insecure_ || is_loopback(name_.host);
  try {
    try {
      return try_base(secure);
    } catch (const HttpError& error) {
      const bool no_tls = error.trouble() == HttpTrouble::tls || error.trouble() == HttpTrouble::connect ||
                          error.trouble() == HttpTrouble::broken;
      if (!plain_will_do || !no_tls) throw;
      return try_base(plain);
    }
  } catch (const HttpError& error) {
    std::string hint;
    if (error.trouble() == HttpTrouble::trust) {
      hint = fmt::format("put its CA into /etc/docker/certs.d/{}/ca.crt, or trust it unseen with --insecure",
                         name_.host);
    } else if (error.trouble() == HttpTrouble::tls && !plain_will_do) {
      hint = "--insecure, where it speaks plain HTTP";
    }
    throw Error(ErrorKind::environment, what_, error.what(), hint);
  }
}

std::string RegistryClient::url_of(const RegistryRequest& request) const {
  if (!origin_of(request.path).empty()) return request.path;
  return fmt::format("{}/v2/{}/{}", base_, name_.repository, request.path);
}

HttpResponse RegistryClient::send(const RegistryRequest& request, Retries& retries) {
  while (true) {
    std::optional<milliseconds> wait;
    try {
      HttpResponse response = send_authorized(request);
      wait = asked_wait(response);
      const bool too_long = wait && *wait > patience_.longest_wait;
      if (!worth_a_retry(response.status) || too_long || !retries.left()) return response;
      finish(response);
    } catch (const HttpError& error) {
      if (error.trouble() != HttpTrouble::broken || !retries.left()) throw;
    }
    retries.wait(wait);
  }
}

RegistryClient::Text RegistryClient::text(const RegistryRequest& request, std::uint64_t cap) {
  return http_context(what_, [&] {
    auto answer = text_with_retries(request, cap);
    if (!answer) fail(std::move(answer.error()), "reading " + request.path);
    return *std::move(answer);
  });
}

std::optional<RegistryClient::Text> RegistryClient::text_if_there(const RegistryRequest& request,
                                                                  std::uint64_t cap) {
  return http_context(what_, [&] {
    auto answer = text_with_retries(request, cap);
    return answer ? std::optional(*std::move(answer)) : std::nullopt;
  });
}

std::expected<RegistryClient::Text, HttpResponse> RegistryClient::text_with_retries(
    const RegistryRequest& request, std::uint64_t cap) {
  Retries retries(patience_);
  while (true) {
    HttpResponse response = send(request, retries);
    if (response.status == 404) return std::unexpected(std::move(response));
    if (response.status != 200) fail(std::move(response), "reading " + request.path);
    try {
      std::string body = read_all(std::move(response.body), cap, what_ + ": " + request.path);
      return Text{.headers = std::move(response.headers), .body = std::move(body)};
    } catch (const HttpError& error) {
      if (error.trouble() != HttpTrouble::broken || !retries.left()) throw;
    }
    retries.wait();
  }
}

HttpResponse RegistryClient::send_authorized(const RegistryRequest& request) {
  std::string used;
  {
    const std::scoped_lock lock(mutex_);
    used = authorizations_[rights_of(request)];
  }
  HttpResponse response = send_once(request, used);
  // Where another server answers, what it asks for is none of our business.
  const bool is_own = !response.redirected && origin_of(url_of(request)) == base_;
  if (response.status != 401 || !is_own) return response;
  authorize(request, response, used);
  finish(response);
  {
    const std::scoped_lock lock(mutex_);
    used = authorizations_[rights_of(request)];
  }
  response = send_once(request, used);
  if (response.status == 401 && !response.redirected && used.starts_with("Basic "))
    refuse("the registry refuses the user and password that are known for it");
  return response;
}

HttpResponse RegistryClient::send_once(const RegistryRequest& request, const std::string& authorization) {
  HttpRequest sent{.method = request.method, .url = url_of(request), .headers = request.headers, .tls = tls_};
  // Where an answer sends us to another host, that host's URL is all it needs.
  if (!authorization.empty() && origin_of(sent.url) == base_)
    sent.headers.emplace_back("Authorization", authorization);
  if (request.body) sent.body = request.body();
  return http_.send(std::move(sent));
}

std::string RegistryClient::rights_of(const RegistryRequest& request) const {
  std::string rights =
      fmt::format("repository:{}:{}", name_.repository, request.pushes ? "pull,push" : "pull");
  if (!request.mounts_from.empty()) rights += fmt::format(" repository:{}:pull", request.mounts_from);
  return rights;
}

void RegistryClient::authorize(const RegistryRequest& request, const HttpResponse& refused,
                               const std::string& used) {
  const std::scoped_lock lock(mutex_);
  std::string& authorization = authorizations_[rights_of(request)];
  if (authorization != used) return;  // another thread was here
  std::vector<AuthChallenge> challenges;
  for (const auto& [name, value] : refused.headers) {
    if (header_value({{name, value}}, "WWW-Authenticate").empty()) continue;
    for (AuthChallenge& one : read_auth_challenges(value)) challenges.push_back(std::move(one));
  }
  const auto bearer = std::ranges::find(challenges, "bearer", &AuthChallenge::scheme);
  if (bearer != challenges.end()) {
    const std::string& own = credentials().bearer;
    if (!own.empty() && used == "Bearer " + own) refuse("the registry refuses the token");
    authorization = "Bearer " + (own.empty() ? token(*bearer, request) : own);
    return;
  }
  if (std::ranges::find(challenges, "basic", &AuthChallenge::scheme) == challenges.end())
    refuse("the registry asks for a proof that slim does not know");
  if (credentials().user.empty()) refuse("the registry asks for a user and a password, and none are known");
  const std::string basic = "Basic " + to_base64(credentials().user + ":" + credentials().password);
  if (basic == used) refuse("the registry refuses the user and password that are known for it");
  authorization = basic;
}

std::string RegistryClient::token(const AuthChallenge& challenge, const RegistryRequest& request) {
  const auto value = [&](const std::string& name) {
    const auto found = challenge.values.find(name);
    return found == challenge.values.end() ? std::string() : found->second;
  };
  const std::string realm = value("realm");
  const bool secure = base_.starts_with("https:") && !insecure_;
  if (!realm.starts_with("https://") && (secure || !realm.starts_with("http://")))
    refuse("the registry names no token server that can be trusted");
  std::string query;
  if (const std::string service = value("service"); !service.empty())
    query += "service=" + url_encoded(service) + "&";
  std::string rights = value("scope");
  if (rights.empty() || !request.mounts_from.empty()) rights = rights_of(request);
  for (std::string_view rest = rights; !rest.empty();) {
    const auto end = std::min(rest.find(' '), rest.size());
    if (end != 0) query += "scope=" + url_encoded(rest.substr(0, end)) + "&";
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  const Credentials& own = credentials();
  HttpRequest asked{.url = realm, .tls = tls_for(host_of(realm), insecure_)};
  if (!own.identity_token.empty()) {
    asked.method = "POST";
    asked.headers.emplace_back("Content-Type", "application/x-www-form-urlencoded");
    asked.body = text_body(
        query + "grant_type=refresh_token&client_id=slim&refresh_token=" + url_encoded(own.identity_token));
  } else {
    query.pop_back();  // there is a scope at least
    asked.url += (realm.find('?') == std::string::npos ? "?" : "&") + query;
    if (!own.user.empty())
      asked.headers.emplace_back("Authorization", "Basic " + to_base64(own.user + ":" + own.password));
  }
  const std::string where = url_for_messages(realm);
  HttpResponse response = http_.send(std::move(asked));
  if (response.status == 401 || response.status == 403)
    refuse(fmt::format("{} gives no token{}", where,
                       own.empty() ? "" : ": it refuses the user and password that are known for it"));
  if (worth_a_retry(response.status))
    throw HttpError(HttpTrouble::broken, where, fmt::format("answers with {}", response.status));
  if (response.status != 200)
    throw Error(ErrorKind::environment, what_, fmt::format("{} answers with {}", where, response.status));
  const std::string body = read_all(std::move(response.body), largest_answer, where);
  try {
    const nlohmann::json document = parse_json(body, where);
    const JsonObject root(document, where);
    std::string found = root.string("token");
    if (found.empty()) found = root.string("access_token");
    if (!found.empty() && found.find_first_of("\r\n") == std::string::npos) return found;
  } catch (const Error&) {
    // Its message would quote the token.
    throw Error(ErrorKind::environment, what_, where + " answers with no JSON of a token");
  }
  throw Error(ErrorKind::environment, what_, where + " answers without a token");
}

const Credentials& RegistryClient::credentials() {
  if (!credentials_) credentials_ = find_credentials(name_);
  return *credentials_;
}

void RegistryClient::refuse(const std::string& why) const {
  throw Error(ErrorKind::environment, what_, "unauthorized: " + why,
              fmt::format("docker login {0}, or podman login {0}", name_.host));
}

std::string RegistryClient::location(const RegistryRequest& request, const HttpResponse& response) const {
  std::string url = resolved_url(url_of(request), std::string(response.header("Location")));
  const bool leaves_tls = base_.starts_with("https:") && !url.starts_with("https:") && !insecure_;
  if (url.empty() || leaves_tls)
    throw Error(ErrorKind::environment, what_, "the registry names no place that can be trusted to go on at");
  return url;
}

void RegistryClient::fail(HttpResponse response, const std::string& doing, ErrorKind not_there) const {
  const int status = response.status;
  const std::string message = message_of(response);
  const std::string words = message.empty() ? "" : fmt::format(" ({})", message);
  const std::string login = fmt::format("docker login {0}, or podman login {0}", name_.host);
  const auto throw_it = [&](ErrorKind kind, const std::string& why, const std::string& hint) {
    throw Error(kind, what_, fmt::format("{}: {}{}", doing, why, words), hint);
  };
  if (status == 401) throw_it(ErrorKind::environment, "unauthorized, or there is no such repository", login);
  if (status == 403)
    throw_it(ErrorKind::environment, "access denied", "whoever is logged in may not do it: " + login);
  if (status == 404) throw_it(not_there, "not found in the registry", "");
  if (status == 429) {
    const auto wait = asked_wait(response);
    throw_it(ErrorKind::environment, "too many requests",
             wait ? fmt::format("the registry asks to come back in {} s",
                                std::chrono::duration_cast<std::chrono::seconds>(*wait).count())
                  : "try again later, or log in: " + login);
  }
  if (status >= 500)
    throw_it(ErrorKind::environment, fmt::format("the registry fails with status {}", status), "");
  throw_it(ErrorKind::environment, fmt::format("unexpected status {} from the registry", status), "");
  std::unreachable();
}

}  // namespace slim
