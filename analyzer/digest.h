// Content digests as the OCI image-spec writes them (descriptor.md, "Digests").
#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace slim {

/// `algorithm:hex`. Empty where nothing names one (a layer of a docker archive has no blob digest).
class Digest {
 public:
  Digest() = default;

  /// Accepts sha256 and sha512 with lower-case hex of the right length; anything else is an Error of
  /// kind input that starts with `where`.
  static Digest parse(std::string_view text, std::string_view where);
  /// The sha256 of `bytes`.
  static Digest of(std::span<const std::byte> bytes);
  static Digest of(std::string_view text);

  [[nodiscard]] bool empty() const noexcept { return text_.empty(); }
  [[nodiscard]] const std::string& text() const noexcept { return text_; }
  [[nodiscard]] std::string_view algorithm() const noexcept;
  [[nodiscard]] std::string_view hex() const noexcept;

  auto operator<=>(const Digest&) const = default;

 private:
  friend class Hasher;
  std::string text_;
};

/// The raw SHA-256 of a file's content.
using ContentHash = std::array<std::byte, 32>;

std::string to_hex(std::span<const std::byte> bytes);

/// A running digest (OpenSSL's EVP, which uses the processor's SHA instructions): sha256, sha512, or sha1,
/// which names files in documents and proves nothing.
class Hasher {
 public:
  explicit Hasher(std::string_view algorithm = "sha256");
  ~Hasher();
  Hasher(Hasher&&) noexcept;
  Hasher& operator=(Hasher&&) noexcept;

  void update(std::span<const std::byte> bytes);
  /// Ends the digest and starts a new one.
  Digest finish();
  /// As finish(), for sha256 only, raw.
  ContentHash finish_raw();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace slim
