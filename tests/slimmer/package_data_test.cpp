#include "slimmer/package_data.h"

#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/analyzer/tar_builder.h"
#include "tests/slimmer/sample_tree.h"

namespace slim {
namespace {

using test::TarBuilder;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

/// An image in which each path of `lists` is a file of its package; those in bin folders can be started.
TarBuilder image(const std::string& status,
                 const std::vector<std::pair<std::string, std::vector<std::string>>>& lists) {
  TarBuilder tar;
  tar.file("var/lib/dpkg/status", status);
  for (const auto& [name, paths] : lists) {
    std::string list;
    for (const std::string& path : paths) {
      list += path + "\n";
      const bool script = path.ends_with(".sh");
      tar.file(path.substr(1), script ? "#!/bin/sh\n" : "x",
               script || path.find("bin/") != std::string::npos ? 0755 : 0644);
    }
    tar.file("var/lib/dpkg/info/" + name + ".list", list);
  }
  return tar;
}

std::vector<std::string> given(const TarBuilder& tar, const std::string& program,
                               std::vector<std::string> env = {}) {
  ImageConfig config;
  config.env = std::move(env);
  const auto sample = test::sample_tree(tar, config);
  PackageData data(sample->tree, config, sample->packages);
  std::vector<std::string> lines;
  for (const PackageFile& file : data.of(sample->at(program)))
    lines.push_back(sample->tree.path(file.node) + ": " + file.what);
  EXPECT_THAT(data.of(sample->at(program)), IsEmpty()) << "what was given once is not given again";
  return lines;
}

const std::string server = "Package: server\nVersion: 1\n\n";

TEST(PackageData, ConfigurationAndDataComeWithTheProgram) {
  EXPECT_THAT(
      given(image(server,
                  {{"server",
                    {"/usr/bin/server", "/etc/server/main.conf", "/etc/cron.d/server",
                     "/etc/logrotate.d/server", "/etc/pam.d/server", "/usr/share/server/table",
                     "/usr/share/doc/server/README", "/usr/share/locale/de/x.mo", "/usr/share/server/tests/t",
                     "/usr/share/server/start.sh", "/usr/lib/server/plugin.so", "/usr/lib/other/plugin.so",
                     "/usr/lib/libserver.so.1", "/usr/lib/x86_64-linux-gnu/server/more.so",
                     "/usr/lib/server/lib.a", "/usr/libexec/server-helpers/run"}}}),
            "/usr/bin/server"),
      ElementsAre(
          "/etc/server/main.conf: configuration of server", "/usr/lib/server/plugin.so: data of server",
          "/usr/lib/x86_64-linux-gnu/server/more.so: data of server",
          "/usr/libexec/server-helpers/run: data of server", "/usr/share/server/table: data of server"));
}

TEST(PackageData, PackagesOfTheSameSourceThatHoldDataComeToo) {
  EXPECT_THAT(given(image(server + "Package: server-common\nSource: server\nVersion: 1\n\n"
                                   "Package: server-doc\nSource: server\nVersion: 1\n\n"
                                   "Package: other-common\nSource: other\nVersion: 1\n\n",
                          {{"server", {"/usr/sbin/server"}},
                           {"server-common", {"/etc/server.conf"}},
                           {"server-doc", {"/usr/share/server-doc/x"}},
                           {"other-common", {"/etc/other.conf"}}}),
                    "/usr/sbin/server"),
              ElementsAre("/etc/server.conf: configuration of server-common"));
}

TEST(PackageData, OnlyAProgramInPathBringsIt) {
  const auto tar =
      image(server, {{"server", {"/opt/server/bin/server", "/usr/lib/libserver.so.1", "/etc/server.conf"}}});
  EXPECT_THAT(given(tar, "/usr/lib/libserver.so.1"), IsEmpty());
  EXPECT_THAT(given(tar, "/opt/server/bin/server"), IsEmpty());
  EXPECT_THAT(given(tar, "/opt/server/bin/server", {"PATH=/opt/server/bin"}),
              ElementsAre("/etc/server.conf: configuration of server"));
}

}  // namespace
}  // namespace slim
