// What stands here for a secret is put together from parts, so that no scanner takes this file for a leak.
#include "analyzer/secrets.h"

#include <string>
#include <string_view>

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace slim {
namespace {

constexpr std::string_view body = "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7VJTUt9Us8cKj";
constexpr std::string_view letters = "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8s9T0u1V2w3X4y5Z6a7B8c9D0e1F2";

std::string pem(std::string_view label, std::string_view headers = "", std::string_view content = body) {
  return fmt::format("-----BEGIN {0}-----\n{1}{2}\n-----END {0}-----\n", label, headers, content);
}

std::string letters_behind(std::string_view prefix, std::size_t count) {
  return std::string(prefix) + std::string(letters.substr(0, count));
}

SecretShape shape_of(std::string_view path, const std::string& text) {
  return find_secret(path, text).shape;
}

TEST(Secrets, PrivateKeysOfEveryKind) {
  for (const char* label : {"PRIVATE KEY", "RSA PRIVATE KEY", "EC PRIVATE KEY", "PGP PRIVATE KEY BLOCK"}) {
    EXPECT_EQ(shape_of("key", pem(label)), SecretShape::private_key) << label;
  }
  EXPECT_EQ(shape_of("key", pem("OPENSSH PRIVATE KEY", "",
                                "b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAAAAAAAAABAAAAMwAAAAtzc2g")),
            SecretShape::private_key);
}

TEST(Secrets, KeysThatAPassphraseProtectsAreToldApart) {
  constexpr auto encrypted = SecretShape::encrypted_private_key;
  EXPECT_EQ(shape_of("key", pem("ENCRYPTED PRIVATE KEY")), encrypted);
  EXPECT_EQ(shape_of("key", pem("RSA PRIVATE KEY",
                                "Proc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,0123456789ABCDEF\n\n")),
            encrypted);
  EXPECT_EQ(shape_of("key", pem("OPENSSH PRIVATE KEY", "",
                                "b3BlbnNzaC1rZXktdjEAAAAACmFlczI1Ni1jdHIAAAAGYmNyeXB0AAAAGAAAABCn")),
            encrypted);
}

TEST(Secrets, AKeyBehindACertificateOrInAStringOfJsonIsSeen) {
  const Secret bundle = find_secret("x.pem", pem("CERTIFICATE") + pem("PRIVATE KEY"));
  EXPECT_EQ(bundle, (Secret{.shape = SecretShape::private_key, .line = 4}));
  EXPECT_EQ(shape_of("account.json", fmt::format("{{\"private_key\": \"-----BEGIN PRIVATE "
                                                 "KEY-----\\n{}\\n-----END PRIVATE KEY-----\\n\"}}",
                                                 body)),
            SecretShape::private_key);
}

TEST(Secrets, CertificatesPublicKeysAndMerelyNamedHeadersAreNone) {
  constexpr auto none = SecretShape::none;
  for (const char* label : {"CERTIFICATE", "PUBLIC KEY", "RSA PUBLIC KEY", "CERTIFICATE REQUEST",
                            "DH PARAMETERS", "PGP PUBLIC KEY BLOCK", "X509 CRL"}) {
    EXPECT_EQ(shape_of("x.pem", pem(label)), none) << label;
  }
  EXPECT_EQ(shape_of("app/pem.py", "MARK = '-----BEGIN RSA PRIVATE KEY-----'\nEND = '-----END'\n"), none);
  EXPECT_EQ(shape_of("x.pem", "-----BEGIN PRIVATE KEY-----\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n"), none);
  EXPECT_EQ(shape_of("x.pem", "-----BEGIN PRIVATE KEY-----"), none);
  EXPECT_EQ(shape_of("x.pem", "-----BEGIN "), none);
  EXPECT_EQ(shape_of("x.pem", "-----BEGIN PRIVATE KEY-----\nProc-Type: "), none);
  EXPECT_EQ(shape_of("x.pem", pem("RSA PRIVATE KEY", "A: " + std::string(2000, 'b') + "\n")), none)
      << "no key has so long a header";
}

TEST(Secrets, TokensByPrefixAndLength) {
  const auto in_settings = [](const std::string& token) {
    return shape_of("etc/app.conf", "# settings\nkey = \"" + token + "\"\n");
  };
  EXPECT_EQ(in_settings(std::string("AKIA") + "Q3EGSZWD7KPRB2TY"), SecretShape::aws_access_key);
  EXPECT_EQ(in_settings(letters_behind("ghp_", 36)), SecretShape::github_token);
  EXPECT_EQ(in_settings(letters_behind("github_pat_", 60)), SecretShape::github_token);
  EXPECT_EQ(in_settings(letters_behind("glpat-", 20)), SecretShape::gitlab_token);
  EXPECT_EQ(in_settings(letters_behind("xoxb-", 40)), SecretShape::slack_token);
  EXPECT_EQ(in_settings(letters_behind("npm_", 36)), SecretShape::npm_token);
  EXPECT_EQ(in_settings(letters_behind("pypi-AgEIcHlwaS5vcmc", 60)), SecretShape::pypi_token);
  EXPECT_EQ(in_settings(letters_behind("AIza", 35)), SecretShape::google_api_key);
  EXPECT_EQ(in_settings(letters_behind("sk_live_", 24)), SecretShape::stripe_key);
  EXPECT_EQ(find_secret("a", "1\n2\n" + letters_behind("ghp_", 36)).line, 3U);
}

TEST(Secrets, WhatIsTooShortInsideAWordOrAPlaceholderIsNone) {
  constexpr auto none = SecretShape::none;
  EXPECT_EQ(shape_of("a", letters_behind("ghp_", 35)), none);
  EXPECT_EQ(shape_of("a", letters_behind("xghp_", 36)), none);
  EXPECT_EQ(shape_of("a", "ghp_" + std::string(36, 'x')), none);
  EXPECT_EQ(shape_of("a", std::string("AKIA") + "IOSFODNN7EXAMPLE"), none);
  EXPECT_EQ(shape_of("a", std::string("AKIA") + "Q3EGSZWD7KPRB2TYX"), none);
  EXPECT_EQ(shape_of("a", "_"), none);
  EXPECT_EQ(shape_of("a", ""), none);
}

TEST(Secrets, LoginsInFilesThatAreKnownForThem) {
  constexpr auto login = SecretShape::login;
  EXPECT_EQ(shape_of("root/.netrc", "machine example.org login me password hunter22\n"), login);
  EXPECT_EQ(shape_of("root/.npmrc", "//registry.example.org/:_authToken=abcdef\n"), login);
  EXPECT_EQ(shape_of("root/.docker/config.json", R"({"auths": {"r.example.org": {"auth": "bWU6eHg="}}})"),
            login);
  EXPECT_EQ(shape_of("root/.git-credentials", "https://me:hunter22@example.org\n"), login);
  EXPECT_EQ(shape_of("root/.pgpass", "db:5432:shop:me:hunter22\n"), login);
  EXPECT_EQ(shape_of("root/.aws/credentials", "[default]\naws_secret_access_key = abcdefgh\n"), login);
  EXPECT_EQ(find_secret("app/.env", "# of the shop\nPORT=80\nexport DB_PASSWORD='hunter22'\n"),
            (Secret{.shape = login, .line = 3}));
  EXPECT_EQ(shape_of("app/.env.production", "STRIPE_SECRET=hunter22\n"), login);
}

TEST(Secrets, KnownFilesWithoutALoginAreNone) {
  constexpr auto none = SecretShape::none;
  EXPECT_EQ(shape_of("root/.npmrc", "//r.example.org/:_authToken=${NPM_TOKEN}\nfund=false\n"), none);
  EXPECT_EQ(shape_of("root/.docker/config.json", R"({"auths": {}})"), none);
  EXPECT_EQ(shape_of("root/.netrc", "# machine example.org password hunter22\n"), none);
  EXPECT_EQ(shape_of("root/.pgpass", "# hostname:port:database:username:password\n"), none);
  EXPECT_EQ(shape_of("root/.git-credentials", "https://example.org\n"), none);
  EXPECT_EQ(shape_of("app/.env", "DB_PASSWORD=\nAPI_KEY=<yours>\nTOKEN_FILE=/run/token\n"), none);
  EXPECT_EQ(shape_of("app/.env.example", "DB_PASSWORD=hunter22\n"), none);
  EXPECT_EQ(shape_of("app/netrc.md", "password hunter22\n"), none);
}

TEST(Secrets, SettingsThatSayByTheirNameThatTheyAreSecret) {
  for (const char* setting : {"PASSWORD=hunter22", "export DB_PASSWORD='hunter22'", "npm_token=abcdefgh"}) {
    EXPECT_TRUE(is_secret_setting(setting)) << setting;
  }
  for (const char* setting :
       {"PASSWORD", "PASSWORD=", "PASSWORD=$OTHER", "PASSWORD=<yours>", "ALLOW_EMPTY_PASSWORD=true",
        "PASSWORD_FILE=/etc/x/password", "TOKEN=/run/secrets/token", "GPG_KEY=A035C8C19219BA82", "=",
        "s/TOKEN=abcdefgh", "--with-password=abcdefgh", "KEYBOARD=german"}) {
    EXPECT_FALSE(is_secret_setting(setting)) << setting;
  }
}

TEST(Secrets, OnlyTheStartOfAFileIsSearched) {
  const std::string far = std::string(searched_for_secrets, '\n') + letters_behind("ghp_", 36);
  EXPECT_EQ(shape_of("a", far), SecretShape::none);
  EXPECT_EQ(shape_of("a", far.substr(10)), SecretShape::none) << "cut inside of it";
}

TEST(Secrets, NamesThatMayHoldSecrets) {
  for (const char* path : {"srv/tls.key", "a.pem", "root/.netrc", ".npmrc", "app/.env", "app/.env.local",
                           "app/settings.py", "srv/index.js", "root/.aws/credentials"}) {
    EXPECT_TRUE(may_hold_secret(path)) << path;
  }
  for (const char* path :
       {"usr/bin/python3", "usr/lib/python3/os.py", "usr/lib64/python3/os.py", "app/node_modules/x/y.js",
        "usr/local/lib/python3.12/a.py", "app/.env.sample", "netrc", "app/logo.png", ""}) {
    EXPECT_FALSE(may_hold_secret(path)) << path;
  }
}

}  // namespace
}  // namespace slim
