#include "analyzer/configured_modules.h"

#include <string>
#include <string_view>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace slim {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::IsSupersetOf;

std::vector<std::string> found(std::string_view path, std::string_view text) {
  std::vector<std::string> lines;
  for (const ConfiguredModule& module : configured_modules(path, text))
    lines.push_back(std::to_string(module.line) + " " + (module.folder.empty() ? "" : module.folder + "/") +
                    module.name);
  return lines;
}

TEST(ConfiguredModules, OfPamAreTheThirdWord) {
  EXPECT_THAT(found("/etc/pam.d/sshd",
                    "# auth required pam_no.so\n"
                    "auth\t[success=1 default=ignore]\tpam_unix.so nullok\n"
                    "@include common-account\n"
                    "auth include system-auth\n"
                    "-session optional pam_systemd.so # auth\n"
                    "account required /opt/lib/security/$ISA/pam_own.so\n"
                    "auth required\n"),
              ElementsAre("2 security/pam_unix.so", "5 security/pam_systemd.so",
                          "6 security//opt/lib/security/pam_own.so"));
  EXPECT_THAT(found("/etc/pam.conf", "login auth required pam_unix.so\n"),
              ElementsAre("1 security/pam_unix.so"));
}

TEST(ConfiguredModules, OfOpensslAreModulesAndDynamicPaths) {
  EXPECT_THAT(found("/etc/ssl/openssl.cnf",
                    "module = own.so\n"
                    "[pkcs11]\n"
                    "1.dynamic_path = \"/opt/engines/pkcs11.so\" # here\n"
                    "submodule = x.so\nmodule\n# module = no.so\n"),
              ElementsAre("1 ossl-modules/own.so", "3 engines-3//opt/engines/pkcs11.so"));
}

TEST(ConfiguredModules, OfNssAreServicesThatNoRuleKnows) {
  EXPECT_THAT(found("/etc/nsswitch.conf",
                    "passwd: files winbind\n"
                    "hosts:  files mdns4_minimal [NOTFOUND=return] dns\n"
                    "nothing\n"),
              ElementsAre("1 libnss_winbind.so.2", "2 libnss_mdns4_minimal.so.2"));
}

TEST(ConfiguredModules, OfApacheAreTheDriversOfMapsOfTheKindDbm) {
  EXPECT_THAT(found("/etc/apache2/sites-enabled/shop",
                    "RewriteMap a txt:/srv/a.txt\n"
                    "  rewritemap b \"dbm=gdbm:/srv/b.map\"\n"
                    "RewriteMap c dbm=sdbm:/srv/c.map\n"
                    "# RewriteMap d dbm=db:/srv/d.map\n"
                    "RewriteMap e\n"),
              ElementsAre("2 apr-util-1/apr_dbm_gdbm-1.so", "2 apr-util-1/apr_dbm_gdbm.so"));
  // Which one is meant, the build of APR-util or a variable says.
  EXPECT_THAT(found("/opt/own.conf", "RewriteMap a dbm:/srv/a.map\n"),
              IsSupersetOf({"1 apr-util-1/apr_dbm_db-1.so", "1 apr-util-1/apr_dbm_gdbm-1.so"}));
  EXPECT_THAT(found("/opt/own.conf", "RewriteMap a dbm=${KIND}:/srv/a.map\n"),
              IsSupersetOf({"1 apr-util-1/apr_dbm_db-1.so", "1 apr-util-1/apr_dbm_gdbm-1.so"}));
}

TEST(ConfiguredModules, OtherFilesAndNamesThatClimbSayNothing) {
  EXPECT_THAT(found("/etc/other", "auth required pam_unix.so\n"), IsEmpty());
  EXPECT_THAT(found("/etc/pam.d/x", "auth required ../../x.so\nauth [open\n"), IsEmpty());
  EXPECT_THAT(found("/etc/nsswitch.conf", "hosts: ../x\n"), IsEmpty());
}

TEST(ConfiguredModules, AreBounded) {
  std::string text;
  for (int i = 0; i < 5000; ++i) text += "auth required pam_unix.so\n";
  EXPECT_EQ(configured_modules("/etc/pam.d/x", text).size(), 1024U);
}

}  // namespace
}  // namespace slim
