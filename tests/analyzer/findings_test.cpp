#include "analyzer/findings.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "analyzer/dependency_graph.h"
#include "analyzer/digest.h"
#include "analyzer/elf.h"
#include "analyzer/image.h"
#include "analyzer/layer_index.h"
#include "analyzer/packages.h"
#include "analyzer/secrets.h"
#include "tests/analyzer/tree_fixture.h"

namespace slim {
namespace {

using test::entry;
using test::file;
using test::folder;
using test::hardlink;
using test::layer;
using test::OwnedTree;
using test::program;
using test::symlink;
using test::text_file;
using test::whiteout;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

LayerEntry with_mode(LayerEntry made, std::uint32_t mode) {
  made.mode = mode;
  return made;
}

/// "severity id path" of each.
std::vector<std::string> lines(const std::vector<Finding>& findings) {
  std::vector<std::string> result;
  for (const Finding& finding : findings)
    result.push_back(std::string(to_string(finding.severity)) + " " + finding.id + " " + finding.path);
  return result;
}

/// What else than files findings are made of.
struct Surroundings {
  ImageConfig config;
  std::vector<UnresolvedLibrary> unresolved;
  std::vector<MissingProgram> missing_programs;
};

std::vector<Finding> findings_of(std::vector<LayerIndex> layers, const Surroundings& surroundings = {}) {
  const OwnedTree image(std::move(layers));
  const Packages packages = read_packages(image.tree);
  return find_findings({.tree = &image.tree,
                        .config = &surroundings.config,
                        .packages = &packages,
                        .unresolved = surroundings.unresolved,
                        .missing_programs = surroundings.missing_programs});
}

LayerEntry with_hash(LayerEntry made, std::uint8_t mark) {
  made.content_hash = ContentHash{std::byte{mark}};
  return made;
}

LayerEntry with_secret(std::string path, SecretShape shape) {
  LayerEntry made = file(std::move(path), 100);
  auto facts = std::make_shared<FileFacts>();
  facts->secret = {.shape = shape, .line = 7};
  made.facts = std::move(facts);
  return made;
}

TEST(Findings, AnOrdinaryImageHasNone) {
  EXPECT_THAT(
      findings_of({layer({folder("app"), program("app/server"), file("etc/passwd"), symlink("x", "app")})}),
      IsEmpty());
}

TEST(Findings, ShellsAndPackageManagersWhereProgramsAre) {
  EXPECT_THAT(
      lines(findings_of({layer({program("usr/bin/bash"), symlink("bin/sh", "/usr/bin/bash"),
                                program("sbin/apk"), program("usr/local/bin/npm"), file("etc/bash"),
                                file("usr/share/doc/dpkg"), program("usr/bin/bash5")})})),
      ElementsAre("low package-manager-present /sbin/apk", "low package-manager-present /usr/local/bin/npm",
                  "info shell-present /bin/sh", "info shell-present /usr/bin/bash"));
}

TEST(Findings, ProgramsThatRunAsSomebodyElse) {
  LayerEntry ping = program("bin/ping");
  ping.xattrs.push_back({.name = "security.capability", .value = "x"});
  LayerEntry noted = program("bin/noted");
  noted.xattrs.push_back({.name = "user.note", .value = "x"});
  LayerEntry su = with_mode(program("bin/su"), 06755);
  su.uid = 7;
  const auto findings = findings_of({layer({}), layer({su, with_mode(program("bin/wall"), 02755), ping, noted,
                                                       with_mode(folder("var/mail"), 02775)})});
  EXPECT_THAT(lines(findings),
              ElementsAre("medium setuid /bin/su", "low file-capability /bin/ping", "low setgid /bin/wall"));
  EXPECT_THAT(findings[0].message, HasSubstr("uid 7"));
  EXPECT_EQ(findings[0].layer, std::optional<std::uint32_t>(1));
}

TEST(Findings, WorldWritableUnlessSticky) {
  EXPECT_THAT(lines(findings_of({layer({with_mode(folder("data"), 0777), with_mode(folder("tmp"), 01777),
                                        with_mode(file("data/open"), 0666), with_mode(file("sticky"), 01666),
                                        with_mode(symlink("link", "data"), 0777),
                                        with_mode(entry(EntryType::char_device, "dev/null"), 0666)})})),
              ElementsAre("medium world-writable /data", "medium world-writable /data/open",
                          "medium world-writable /sticky"));
}

TEST(Findings, AFileWithTwoNamesIsToldOnce) {
  EXPECT_THAT(
      lines(findings_of({layer({with_mode(program("bin/su"), 04755), hardlink("bin/sudo", "bin/su")})})),
      ElementsAre("medium setuid /bin/su"));
}

TEST(Findings, WhatLaterLayersHideIsToldOnceALayer) {
  const auto findings =
      findings_of({layer({file("a", 60'000), file("b", 70'000), file("stays", 1'000'000)}),
                   layer({whiteout("a"), file("c", 65'535)}), layer({file("b", 1), whiteout("c")})});
  EXPECT_THAT(lines(findings), ElementsAre("low deleted-but-shipped /b"));
  EXPECT_EQ(findings[0].layer, std::optional<std::uint32_t>(0));
  EXPECT_EQ(findings[0].count, 2U);
  EXPECT_EQ(findings[0].bytes, 130'000U);
  EXPECT_THAT(findings[0].paths, ElementsAre("/b", "/a"));
}

TEST(Findings, MissingLibrariesComeFirst) {
  const UnresolvedLibrary library{
      .file = "/bin/app", .name = "liba.so", .tried = {"/lib/liba.so", "/usr/lib/liba.so"}};
  const auto findings = findings_of({layer({program("bin/sh")})},
                                    {.config = {}, .unresolved = {library}, .missing_programs = {}});
  EXPECT_THAT(lines(findings), ElementsAre("high missing-library /bin/app", "info shell-present /bin/sh"));
  EXPECT_THAT(findings[0].message, HasSubstr("liba.so"));
  EXPECT_THAT(findings[0].message, HasSubstr("/lib/liba.so, /usr/lib/liba.so"));
  EXPECT_EQ(findings[0].layer, std::nullopt);
}

TEST(Findings, AProgramThatTheConfigNamesAndNobodyHas) {
  const auto findings = findings_of(
      {layer({})},
      {.config = {},
       .unresolved = {},
       .missing_programs = {{.from = "cmd", .word = "serve"}, {.from = "healthcheck", .word = "curl"}}});
  EXPECT_THAT(lines(findings), ElementsAre("high entrypoint-missing ", "medium entrypoint-missing "));
  EXPECT_THAT(findings[0].message, HasSubstr("the cmd starts 'serve', which is not in the image"));
}

TEST(Findings, SecretsByWhatTheyAre) {
  const auto findings =
      findings_of({layer({with_secret("srv/tls.key", SecretShape::private_key),
                          with_secret("srv/locked.key", SecretShape::encrypted_private_key),
                          with_secret("srv/ci.conf", SecretShape::github_token),
                          with_secret("root/.netrc", SecretShape::login), file("srv/store.p12")})});
  EXPECT_THAT(lines(findings), ElementsAre("high private-key /srv/tls.key", "high secret /srv/ci.conf",
                                           "medium secret /root/.netrc", "low private-key /srv/locked.key",
                                           "low private-key /srv/store.p12"));
  EXPECT_THAT(findings[1].message, HasSubstr("a GitHub token in line 7"));
}

TEST(Findings, KeysThatEverybodyHasAreNoSecret) {
  LayerEntry status =
      text_file("var/lib/dpkg/status", "Package: lib\nStatus: install ok installed\nVersion: 1\n\n");
  LayerEntry list = text_file("var/lib/dpkg/info/lib.list",
                              "/usr/lib/lib/test.pem\n/usr/lib/lib/t.conf\n"
                              "/usr/lib/lib/t.p12\n/etc/lib.key\n");
  EXPECT_THAT(
      lines(findings_of(
          {layer({status, list, with_secret("usr/lib/lib/test.pem", SecretShape::private_key),
                  with_secret("usr/lib/lib/t.conf", SecretShape::github_token), file("usr/lib/lib/t.p12"),
                  with_secret("etc/lib.key", SecretShape::private_key),
                  with_secret("usr/share/doc/a/key.pem", SecretShape::private_key),
                  with_secret("opt/app/tests/key.pem", SecretShape::private_key),
                  with_secret("app/node_modules/a/key.pem", SecretShape::private_key),
                  with_secret("etc/ssl/private/ssl-cert-snakeoil.key", SecretShape::private_key)})})),
      ElementsAre("high private-key /etc/lib.key", "low private-key /etc/ssl/private/ssl-cert-snakeoil.key",
                  "info private-key /usr/lib/lib/test.pem"));
}

TEST(Findings, ASecretThatALaterLayerHidesIsStillThere) {
  const auto findings = findings_of(
      {layer({with_secret("id_rsa", SecretShape::private_key), with_secret("env", SecretShape::login),
              with_secret("app/tests/id_rsa", SecretShape::private_key)}),
       layer({file("env", 1)}), layer({whiteout("id_rsa"), whiteout("app/tests/id_rsa")})});
  EXPECT_THAT(lines(findings), ElementsAre("high hidden-secret /id_rsa", "medium hidden-secret /env"));
  EXPECT_EQ(findings[0].layer, std::optional<std::uint32_t>(0));
  EXPECT_THAT(findings[0].message, HasSubstr("layer 3 only hides it"));
}

TEST(Findings, ASecretThatIsOnlyCopiedIsToldWhereItIsSeen) {
  const auto key = [] { return with_hash(with_secret("key", SecretShape::private_key), 1); };
  EXPECT_THAT(lines(findings_of({layer({key()}), layer({with_mode(key(), 0600)})})),
              ElementsAre("high private-key /key"));
}

TEST(Findings, CopiesForAChangeOfMetadata) {
  const auto findings = findings_of({layer({with_hash(file("a", 70'000), 1), with_hash(file("b", 70'000), 2),
                                            with_hash(file("c", 70'000), 3)}),
                                     layer({with_mode(with_hash(file("a", 70'000), 1), 0755)}),
                                     layer({with_hash(file("a", 70'000), 1), with_hash(file("b", 70'000), 9),
                                            whiteout("c"), folder("c")})});
  EXPECT_THAT(lines(findings), ElementsAre("low deleted-but-shipped /a", "low deleted-but-shipped /a",
                                           "low metadata-only-change /a", "low metadata-only-change /a"));
  EXPECT_EQ(findings[0].count, 3U);
  EXPECT_EQ(findings[2].layer, std::optional<std::uint32_t>(1));
  EXPECT_EQ(findings[2].bytes, 70'000U);
  EXPECT_EQ(findings[3].layer, std::optional<std::uint32_t>(2));
}

TEST(Findings, EqualFilesThatNoPackageBrings) {
  LayerEntry status =
      text_file("var/lib/dpkg/status", "Package: lib\nStatus: install ok installed\nVersion: 1\n\n");
  const auto findings = findings_of({layer(
      {status, text_file("var/lib/dpkg/info/lib.list", "/usr/lib/copy\n"),
       with_hash(file("usr/lib/copy", 90'000), 1), with_hash(file("a", 90'000), 1), hardlink("a2", "a"),
       with_hash(file("b", 90'000), 1), with_hash(file("c"), 2), with_hash(file("d"), 2)})});
  EXPECT_THAT(lines(findings), ElementsAre("info duplicate /b"));
  EXPECT_EQ(findings[0].count, 1U);
  EXPECT_EQ(findings[0].bytes, 90'000U);
}

TEST(Findings, KindsOfWhichManyAreToldOnceALayer) {
  const auto findings = findings_of(
      {layer({file("usr/share/doc/a/copyright", 40'000), file("usr/share/man/man1/a.1", 50'000),
              file("var/lib/apt/lists/x", 80'000), file("usr/include/a.h", 1)}),
       layer({program("usr/bin/x"), file("var/lib/apt/lists/y", 90'000), file("app/.git/pack", 99'000)})});
  EXPECT_THAT(
      lines(findings),
      ElementsAre("low package-cache /var/lib/apt/lists/x", "low package-cache /var/lib/apt/lists/y",
                  "low version-control /app/.git/pack", "info documentation /usr/share/man/man1/a.1"));
  EXPECT_EQ(findings[3].count, 2U);
  EXPECT_EQ(findings[3].bytes, 90'000U);
  EXPECT_THAT(findings[3].paths, ElementsAre("/usr/share/man/man1/a.1", "/usr/share/doc/a/copyright"));
  EXPECT_THAT(findings[2].paths, IsEmpty()) << "one path says it all";
}

TEST(Findings, AHundredAreToldOneByOneAndMoreTogether) {
  std::vector<LayerEntry> entries;
  for (int i = 0; i < 100; ++i) entries.push_back(with_mode(file("f" + std::to_string(i)), 0666));
  EXPECT_EQ(findings_of({layer(entries)}).size(), 100U);
  entries.push_back(with_mode(file("g"), 0666));
  const auto findings = findings_of({layer(entries)});
  ASSERT_EQ(findings.size(), 1U);
  EXPECT_EQ(findings[0].count, 101U);
  EXPECT_THAT(findings[0].paths, SizeIs(10));
  EXPECT_EQ(findings[0].path, "/f0");
}

TEST(Findings, CoreDumpsByTheirHeader) {
  LayerEntry core = file("srv/crash");
  auto facts = std::make_shared<FileFacts>();
  ElfFacts elf;
  elf.type = ElfType::core;
  facts->elf = std::make_unique<const ElfFacts>(std::move(elf));
  core.facts = std::move(facts);
  EXPECT_THAT(lines(findings_of({layer({core, file("srv/core"), file("core.17", std::uint64_t{1} << 30U),
                                        file("core.txt", std::uint64_t{1} << 30U)})})),
              ElementsAre("medium core-dump /core.17", "medium core-dump /srv/crash"));
}

TEST(Findings, PasswordsOfAccounts) {
  const auto findings =
      findings_of({layer({text_file("etc/shadow",
                                    "root::1:0:99999:7:::\nme:$6$salt$hash:1::::::\nbin:*:1::::::\n"
                                    "locked:!$6$x:1::::::\nnocolon\n:$6$x\n")})});
  EXPECT_THAT(lines(findings),
              ElementsAre("high empty-password /etc/shadow", "medium password-hash /etc/shadow"));
  EXPECT_THAT(findings[0].message, HasSubstr("root has no password"));
  EXPECT_THAT(findings[1].message, HasSubstr("password of me"));
  EXPECT_THAT(findings[1].message, Not(HasSubstr("$6$")));
}

TEST(Findings, SecretsOfTheConfigWithoutTheirValues) {
  ImageConfig config;
  config.env = {"PATH=/bin", "DB_PASSWORD=hunter22", "EMPTY_PASSWORD="};
  config.history = {{.created = {}, .created_by = "RUN |1 NPM_TOKEN=hunter22 npm ci", .comment = {}},
                    {.created = {}, .created_by = "RUN |1 NPM_TOKEN=hunter22 npm run", .comment = {}}};
  const auto findings =
      findings_of({layer({})}, {.config = config, .unresolved = {}, .missing_programs = {}});
  EXPECT_THAT(lines(findings), ElementsAre("medium secret ", "medium secret "));
  EXPECT_THAT(findings[0].message, HasSubstr("environment holds a value of DB_PASSWORD"));
  EXPECT_THAT(findings[1].message, HasSubstr("history holds a value of NPM_TOKEN"));
  for (const Finding& finding : findings) EXPECT_THAT(finding.message, Not(HasSubstr("hunter22")));
}

}  // namespace
}  // namespace slim
