// OpenSSL's EVP interface; digests are written as the OCI image-spec's descriptor.md has them.
#include "analyzer/digest.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include <fmt/format.h>
#include <openssl/evp.h>

#include "analyzer/error.h"

namespace slim {

Digest Digest::parse(std::string_view text, std::string_view where) {
  const auto colon = text.find(':');
  const std::string_view algorithm = text.substr(0, colon);
  std::size_t length = 0;
  if (algorithm == "sha256") length = 64;
  if (algorithm == "sha512") length = 128;
  const std::string_view hex = colon == std::string_view::npos ? "" : text.substr(colon + 1);
  const bool is_hex =
      std::ranges::all_of(hex, [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
  if (length == 0 || hex.size() != length || !is_hex) {
    throw Error(
        ErrorKind::input, std::string(where),
        fmt::format("'{}' is not a digest: expected sha256: with 64 or sha512: with 128 hex digits", text));
  }
  Digest digest;
  digest.text_ = text;
  return digest;
}

Digest Digest::of(std::span<const std::byte> bytes) {
  Hasher hasher;
  hasher.update(bytes);
  return hasher.finish();
}

Digest Digest::of(std::string_view text) {
  return of(std::as_bytes(std::span(text)));
}

std::string_view Digest::algorithm() const noexcept {
  return std::string_view(text_).substr(0, text_.find(':'));
}

std::string_view Digest::hex() const noexcept {
  const auto colon = text_.find(':');
  return colon == std::string::npos ? std::string_view() : std::string_view(text_).substr(colon + 1);
}

std::string to_hex(std::span<const std::byte> bytes) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string text;
  text.reserve(bytes.size() * 2);
  for (const std::byte byte : bytes) {
    text += digits[static_cast<std::uint8_t>(byte) >> 4];
    text += digits[static_cast<std::uint8_t>(byte) & 15];
  }
  return text;
}

struct Hasher::State {
  std::string algorithm;
  std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context{EVP_MD_CTX_new(), EVP_MD_CTX_free};

  void start() const {
    const EVP_MD* md = EVP_sha256();
    if (algorithm == "sha512") md = EVP_sha512();
    if (algorithm == "sha1") md = EVP_sha1();
    if (!context || EVP_DigestInit_ex(context.get(), md, nullptr) != 1) {
      throw Error(ErrorKind::environment, "libcrypto", "cannot start a " + algorithm + " digest");
    }
  }
};

Hasher::Hasher(std::string_view algorithm) : state_(std::make_unique<State>()) {
  state_->algorithm = algorithm;
  state_->start();
}

Hasher::~Hasher() = default;
Hasher::Hasher(Hasher&&) noexcept = default;
Hasher& Hasher::operator=(Hasher&&) noexcept = default;

void Hasher::update(std::span<const std::byte> bytes) {
  EVP_DigestUpdate(state_->context.get(), bytes.data(), bytes.size());
}

Digest Hasher::finish() {
  std::array<std::byte, EVP_MAX_MD_SIZE> raw{};
  unsigned int length = 0;
  EVP_DigestFinal_ex(state_->context.get(), reinterpret_cast<unsigned char*>(raw.data()), &length);
  state_->start();
  Digest digest;
  digest.text_ = state_->algorithm + ":" + to_hex(std::span(raw).first(length));
  return digest;
}

ContentHash Hasher::finish_raw() {
  ContentHash hash{};
  unsigned int length = 0;
  std::array<unsigned char, EVP_MAX_MD_SIZE> raw{};
  EVP_DigestFinal_ex(state_->context.get(), raw.data(), &length);
  std::ranges::copy(std::as_bytes(std::span(raw).first(hash.size())), hash.begin());
  state_->start();
  return hash;
}

}  // namespace slim
