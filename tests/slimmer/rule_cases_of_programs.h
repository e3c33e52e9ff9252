// Rows for the rules of rules/programs.json.
#pragma once

#include <vector>

#include "tests/slimmer/rule_case.h"

namespace slim {

inline std::vector<RuleCase> programs_cases() {
  return {
      keeping(
          "git", {a_file("/usr/bin/git")},
          {"/usr/lib/git-core/git", "/usr/lib/git-core/git-remote-http", "/usr/lib/git-core/git-am",
           "/usr/lib/git-core/git-sh-setup", "/usr/lib/git-core/git-send-pack", "/usr/lib/git-core/git-init",
           "/usr/share/git-core/templates/hooks/x", "/etc/gitconfig"},
          {"/usr/lib/git-core/git-svn", "/usr/lib/git-core/git-send-email", "/usr/lib/git-core/git-cvsserver",
           "/usr/lib/git-core/git-instaweb", "/usr/lib/git-core/git-p4", "/usr/lib/git-core/mergetools/meld"},
          {a_file("/usr/bin/gitk")}),
      keeping("apache", {a_file("/usr/sbin/apache2")},
              {"/etc/apache2/ports.conf", "/etc/apache2/sites-enabled/a.conf", "/etc/mime.types",
               "/usr/share/apache2/error/x.var"},
              {"/etc/apache2/mods-available/a.load", "/usr/share/apache2/icons/x.png"},
              {a_file("/usr/sbin/a2enmod")}),
      keeping("apr-dbm",
              {a_file(lib + "libaprutil-1.so.0"), importing("/m/mod_socache_dbm.so", {"apr_dbm_open"})},
              {lib + "apr-util-1/apr_dbm_db-1.so"}, {lib + "apr-util-1/apr_ldap-1.so"},
              {a_file(lib + "libaprutil-1.so.0"), importing("/usr/sbin/apache2", {"apr_dbm_open"}),
               importing("/m/mod_rewrite.so", {"apr_dbm_open_ex"})}),
      keeping("apr-dbd",
              {a_file(lib + "libaprutil-1.so.0"), importing("/m/mod_dbd.so", {"apr_dbd_get_driver"})},
              {lib + "apr-util-1/apr_dbd_sqlite3-1.so"}, {lib + "apr-util-1/apr_dbm_db-1.so"},
              {a_file(lib + "libaprutil-1.so.0"), importing("/usr/sbin/apache2", {"apr_dbd_get_driver"})}),
      keeping("apr-ldap", {a_file(lib + "libaprutil-1.so.0"), importing("/m/mod_ldap.so", {"apr_ldap_init"})},
              {lib + "apr-util-1/apr_ldap-1.so"}, {lib + "apr-util-1/apr_dbm_db-1.so"},
              {a_file(lib + "libaprutil-1.so.0"), importing("/usr/sbin/httpd", {"apr_ldap_init"})}),
      keeping("apr-crypto",
              {a_file(lib + "libaprutil-1.so.0"), importing("/m/mod_session_crypto.so", {"apr_crypto_init"})},
              {lib + "apr-util-1/apr_crypto_openssl-1.so"}, {lib + "apr-util-1/apr_dbm_db-1.so"},
              {a_file(lib + "libaprutil-1.so.0"), importing("/usr/sbin/apache2", {"apr_crypto_init"})}),
      keeping("runit", {a_file("/usr/bin/runsvdir")},
              {"/etc/service/app/run", "/etc/sv/app/run", "/usr/bin/runsv", "/usr/bin/chpst"},
              {"/usr/bin/other"}, {a_file("/usr/bin/run-parts")}),
      keeping("ssh", {a_file("/usr/sbin/sshd")}, {"/etc/ssh/sshd_config", "/usr/lib/openssh/sftp-server"},
              {"/usr/bin/ssh-keygen"}, {a_file("/usr/bin/scp")}),
      keeping("busybox-applets", {a_file("/bin/busybox")},
              {"/bin/ls -> busybox", "/usr/bin/awk -> ../../bin/busybox", "/sbin/init -> /bin/ls"},
              {"/bin/other -> /etc/x", "/bin/bash"}, {a_file("/bin/box")}),
      {.id = "git-development",
       .fires =
           scene({a_file("/usr/bin/git")}, {"/usr/lib/git-core/git-svn", "/usr/lib/git-core/mergetools/meld",
                                            "/usr/lib/git-core/git-remote-http"}),
       .keeps = {},
       .drops = {"/usr/lib/git-core/git-svn", "/usr/lib/git-core/mergetools/meld"},
       .quiet = scene({a_file("/usr/bin/gitk")}, {"/usr/lib/git-core/git-svn"})},
      {.id = "s6-overlay",
       .fires =
           scene({a_file("/init")}, {"/package/admin/s6-overlay-3/etc/x", "/command/with-contenv",
                                     "/etc/s6-overlay/s6-rc.d/x", "/etc/cont-init.d/10-x", "/etc/other"}),
       .keeps = {"/package/admin/s6-overlay-3/etc/x", "/command/with-contenv", "/etc/s6-overlay/s6-rc.d/x",
                 "/etc/cont-init.d/10-x"},
       .drops = {},
       .quiet = scene({a_file("/init")}, {"/etc/cont-init.d/10-x"})},
  };
}

}  // namespace slim
