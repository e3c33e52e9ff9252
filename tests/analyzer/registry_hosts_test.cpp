#include "analyzer/registry_hosts.h"

#include <chrono>
#include <cstdlib>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/analyzer/error_matcher.h"
#include "tests/analyzer/temporary_folder.h"

namespace slim {
namespace {

using std::chrono::milliseconds;
using testing::ElementsAre;
using testing::IsEmpty;

TEST(RegistryHosts, ThisMachineIsKnownByItsNames) {
  for (const std::string host :
       {"localhost", "localhost:5000", "127.0.0.1", "127.1.2.3:80", "[::1]", "[::1]:5000"})
    EXPECT_TRUE(is_loopback(host)) << host;
  for (const std::string host :
       {"localhost.test", "127.evil.test", "128.0.0.1:5000", "[::2]:5000", "docker.io", ""})
    EXPECT_FALSE(is_loopback(host)) << host;
}

class RegistryCertificates : public testing::Test {
 protected:
  void SetUp() override { ::setenv("HOME", folder.path().c_str(), 1); }
  void TearDown() override { ::setenv("HOME", home.c_str(), 1); }
  test::TemporaryFolder folder;
  std::string home = std::getenv("HOME") == nullptr ? "/" : std::getenv("HOME");
};

TEST_F(RegistryCertificates, AreFoundByHostAndPort) {
  const std::string place = ".config/containers/certs.d/r.test:5000/";
  const std::string second = folder.write(place + "b.crt", "");
  const std::string first = folder.write(place + "a.crt", "");
  const std::string certificate = folder.write(place + "client.cert", "");
  folder.write(place + "alone.cert", "");
  const std::string key = folder.write(place + "client.key", "");
  const TlsOptions tls = tls_for("r.test:5000", false);
  EXPECT_THAT(tls.ca_files, ElementsAre(first, second));
  EXPECT_EQ(tls.certificate, certificate);
  EXPECT_EQ(tls.key, key);
  EXPECT_TRUE(tls.system_ca);
  EXPECT_FALSE(tls.insecure);
  EXPECT_THAT(tls_for("r.test", true).ca_files, IsEmpty());
  EXPECT_TRUE(tls_for("r.test", true).insecure);
}

class Patience : public testing::Test {
 protected:
  void TearDown() override { ::unsetenv("SLIM_NETWORK_PATIENCE"); }
};

TEST_F(Patience, FollowsFromOneNumber) {
  EXPECT_EQ(registry_patience().http.slow_time, milliseconds(30'001));
  ::setenv("SLIM_NETWORK_PATIENCE", "1.5", 1);
  EXPECT_EQ(registry_patience().http.connect, milliseconds(1501));
  EXPECT_EQ(registry_patience().http.slow_bytes, 1501U);
  EXPECT_EQ(registry_patience().tries, 5);
}

TEST_F(Patience, WhatIsNoNumberIsRefused) {
  for (const std::string text : {"soon", "0", "-1", "1s", "inf", "nan", "1e9"}) {
    ::setenv("SLIM_NETWORK_PATIENCE", text.c_str(), 1);
    EXPECT_EQ(test::failure_of([] { registry_patience(); }).kind, ErrorKind::usage) << text;
  }
}

}  // namespace
}  // namespace slim
