#include "analyzer/docker_endpoint.h"

#include <string>
#include <unistd.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "analyzer/digest.h"
#include "tests/analyzer/environment.h"
#include "tests/analyzer/error_matcher.h"
#include "tests/analyzer/temporary_folder.h"

namespace slim {
namespace {

using test::expect_input_error;
using test::failure_of;
using testing::ElementsAre;
using testing::Field;
using testing::HasSubstr;

/// Nothing of the machine's own configuration counts.
class DockerEndpointTest : public testing::Test {
 protected:
  DockerEndpointTest() {
    for (const char* name : {"DOCKER_HOST", "DOCKER_CONTEXT", "DOCKER_CONFIG", "DOCKER_TLS",
                             "DOCKER_TLS_VERIFY", "DOCKER_CERT_PATH", "CONTAINER_HOST", "XDG_RUNTIME_DIR"})
      environment.set(name, std::nullopt);
    environment.set("HOME", folder.path());
  }

  DockerEndpoint of_host(const std::string& host) {
    environment.set("DOCKER_HOST", host);
    return docker_endpoints().at(0);
  }

  /// A file of a context in docker's store.
  std::string write_context(const std::string& name, const std::string& meta) {
    return folder.write(".docker/contexts/meta/" + std::string(Digest::of(name).hex()) + "/meta.json", meta);
  }
  std::string write_tls(const std::string& context, const std::string& name) {
    return folder.write(".docker/contexts/tls/" + std::string(Digest::of(context).hex()) + "/docker/" + name,
                        "PEM");
  }

  test::TemporaryFolder folder;
  test::Environment environment;
};

TEST_F(DockerEndpointTest, WithoutConfigurationTheUsualSocketsAreTriedTheSystemsFirst) {
  EXPECT_THAT(docker_endpoints(), ElementsAre(Field(&DockerEndpoint::socket, "/var/run/docker.sock")));
  environment.set("XDG_RUNTIME_DIR", "/run/user/1000");
  const auto endpoints = docker_endpoints();
  EXPECT_THAT(endpoints, ElementsAre(Field(&DockerEndpoint::socket, "/var/run/docker.sock"),
                                     Field(&DockerEndpoint::socket, "/run/user/1000/docker.sock")));
  EXPECT_EQ(endpoints[0].text(), "unix:///var/run/docker.sock");
}

TEST_F(DockerEndpointTest, DockerHostNamesASocketOrAnAddress) {
  const auto socket = of_host("unix:///tmp/d.sock");
  EXPECT_EQ(socket.socket, "/tmp/d.sock");
  EXPECT_EQ(socket.text(), "unix:///tmp/d.sock (DOCKER_HOST)");
  EXPECT_EQ(of_host("tcp://build:1234").url, "http://build:1234");
  EXPECT_EQ(of_host("tcp://build").url, "http://build:2375");
  EXPECT_EQ(of_host("build:1234/base/").url, "http://build:1234/base");
  EXPECT_EQ(of_host("tcp://[::1]").url, "http://[::1]:2375");
  EXPECT_EQ(of_host("tcp://[::1]:99").url, "http://[::1]:99");
}

TEST_F(DockerEndpointTest, WhatSlimDoesNotSpeakToIsAnErrorAndSshHasAHint) {
  const auto ssh = failure_of([&] { of_host("ssh://me@build"); });
  EXPECT_EQ(ssh.kind, ErrorKind::environment);
  EXPECT_EQ(ssh.text, "ssh://me@build (DOCKER_HOST): slim does not speak over ssh itself");
  EXPECT_THAT(ssh.hint, HasSubstr("ssh -nNT -L"));
  for (const char* host :
       {"npipe:////./pipe/docker_engine", "fd://", "unix://relative", "tcp://", "tcp://:2375"}) {
    const auto failure = failure_of([&] { of_host(host); });
    EXPECT_TRUE(failure.thrown) << host;
    EXPECT_THAT(failure.text, HasSubstr("expected unix://PATH or tcp://HOST:PORT")) << host;
  }
}

TEST_F(DockerEndpointTest, TlsIsAskedForByItsOwnVariables) {
  folder.write("certs/ca.pem", "PEM");
  folder.write("certs/cert.pem", "PEM");
  environment.set("DOCKER_CERT_PATH", folder.path() + "/certs");
  EXPECT_EQ(of_host("tcp://build").url, "http://build:2375");  // a folder alone asks for nothing
  environment.set("DOCKER_TLS_VERIFY", "1");
  const auto verified = of_host("tcp://build");
  EXPECT_EQ(verified.url, "https://build:2376");
  EXPECT_EQ(verified.ca, folder.path() + "/certs/ca.pem");
  EXPECT_EQ(verified.certificate, folder.path() + "/certs/cert.pem");
  EXPECT_EQ(verified.key, "");  // there is none
  EXPECT_FALSE(verified.insecure);
  environment.set("DOCKER_TLS_VERIFY", std::nullopt);
  environment.set("DOCKER_TLS", "1");
  EXPECT_TRUE(of_host("tcp://build").insecure);
}

TEST_F(DockerEndpointTest, VerifyingWithoutACaIsAnError) {
  environment.set("DOCKER_TLS_VERIFY", "1");
  const auto failure = failure_of([&] { of_host("tcp://build"); });
  EXPECT_EQ(failure.kind, ErrorKind::environment);
  EXPECT_THAT(failure.text, HasSubstr(".docker/ca.pem: no such file, and DOCKER_TLS_VERIFY is set"));
}

TEST_F(DockerEndpointTest, AContextComesFromItsVariableOrFromTheConfiguration) {
  write_context("one", R"({"Name": "one", "Endpoints": {"docker": {"Host": "unix:///one.sock"}}})");
  write_context("two", R"({"Name": "two", "Endpoints": {"docker": {"Host": "tcp://two"}}})");
  folder.write(".docker/config.json", R"({"currentContext": "one"})");
  EXPECT_EQ(docker_endpoints().at(0).text(), "unix:///one.sock (docker context one)");
  environment.set("DOCKER_CONTEXT", "two");
  EXPECT_EQ(docker_endpoints().at(0).url, "http://two:2375");
  environment.set("DOCKER_CONTEXT", "default");
  EXPECT_EQ(docker_endpoints().at(0).socket, "/var/run/docker.sock");
  environment.set("DOCKER_HOST", "unix:///host.sock");  // over all contexts
  environment.set("DOCKER_CONTEXT", "two");
  EXPECT_EQ(docker_endpoints().at(0).socket, "/host.sock");
}

TEST_F(DockerEndpointTest, AContextHasItsOwnTlsFiles) {
  environment.set("DOCKER_CONTEXT", "far");
  write_context("far", R"({"Endpoints": {"docker": {"Host": "tcp://far:2376", "SkipTLSVerify": false}}})");
  const std::string ca = write_tls("far", "ca.pem");
  const std::string key = write_tls("far", "key.pem");
  const auto endpoint = docker_endpoints().at(0);
  EXPECT_EQ(endpoint.url, "https://far:2376");
  EXPECT_EQ(endpoint.ca, ca);
  EXPECT_EQ(endpoint.key, key);
  EXPECT_EQ(endpoint.certificate, "");
  write_context("far", R"({"Endpoints": {"docker": {"Host": "tcp://far:2376", "SkipTLSVerify": true}}})");
  EXPECT_TRUE(docker_endpoints().at(0).insecure);
}

TEST_F(DockerEndpointTest, AConfigurationThatCannotBeReadIsNamed) {
  environment.set("DOCKER_CONTEXT", "gone");
  expect_input_error([] { docker_endpoints(); },
                     "meta.json: no such file, and DOCKER_CONTEXT names the context gone");
  write_context("gone", R"({"Endpoints": {}})");
  expect_input_error([] { docker_endpoints(); }, "Host: missing");
  write_context("gone", R"({"Endpoints": )");
  expect_input_error([] { docker_endpoints(); }, "meta.json: line 1");
  environment.set("DOCKER_CONTEXT", std::nullopt);
  folder.write(".docker/config.json", R"({"currentContext": 3})");
  expect_input_error([] { docker_endpoints(); }, "config.json: currentContext: expected");
  const test::TemporaryFolder other;
  environment.set("DOCKER_CONFIG", other.path());
  EXPECT_EQ(docker_endpoints().at(0).socket, "/var/run/docker.sock");
}

TEST_F(DockerEndpointTest, PodmanHasAServiceOfTheSystemOrOfTheUser) {
  environment.set("XDG_RUNTIME_DIR", "/run/user/1000");
  const std::string expected =
      ::geteuid() == 0 ? "/run/podman/podman.sock" : "/run/user/1000/podman/podman.sock";
  EXPECT_THAT(podman_endpoints(), ElementsAre(Field(&DockerEndpoint::socket, expected)));
  environment.set("CONTAINER_HOST", "unix:///tmp/p.sock");
  EXPECT_EQ(podman_endpoints().at(0).text(), "unix:///tmp/p.sock (CONTAINER_HOST)");
  environment.set("CONTAINER_HOST", "ssh://core@machine/run/podman.sock");
  EXPECT_THAT(failure_of([] { podman_endpoints(); }).hint, HasSubstr("CONTAINER_HOST"));
}

}  // namespace
}  // namespace slim
