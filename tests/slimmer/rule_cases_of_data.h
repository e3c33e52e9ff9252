// Rows for the rules of rules/data.json.
#pragma once

#include <vector>

#include "tests/slimmer/rule_case.h"

namespace slim {

inline std::vector<RuleCase> data_cases() {
  return {
      keeping("icu", {a_file(lib + "libicuuc.so.72")}, {"/usr/share/icu/72.1/icudt72l.dat"},
              {"/usr/share/icu/72.1/install-sh"}, {a_file(lib + "libicui.so.72")}),
      keeping("magic", {a_file(lib + "libmagic.so.1")},
              {"/usr/share/misc/magic.mgc", "/usr/lib/file/magic.mgc", "/etc/magic", "/etc/magic.mime"},
              {"/usr/share/misc/pci.ids"}, {a_file(lib + "libmagi.so.1")}),
      keeping("mime-types", {a_file("/usr/local/bin/python3.12")}, {"/etc/mime.types"}, {"/etc/mime.conf"},
              {a_file("/usr/bin/python")}),
      keeping("shared-mime-info", {a_file(lib + "libgio-2.0.so.0")},
              {"/usr/share/mime/mime.cache", "/usr/share/mime/globs2"},
              {"/usr/share/mime/packages/freedesktop.org.xml"}, {a_file(lib + "libglib-2.0.so.0")}),
      keeping("gio", {a_file(lib + "libgio-2.0.so.0")},
              {lib + "gio/modules/libgiognutls.so", "/usr/share/glib-2.0/schemas/gschemas.compiled"},
              {"/usr/share/glib-2.0/schemas/a.xml"}, {a_file(lib + "libglib-2.0.so.0")}),
      keeping("nss-mozilla", {a_file(lib + "libnss3.so")},
              {lib + "libsoftokn3.so", lib + "libfreeblpriv3.chk", lib + "nss/libnssckbi.so",
               "/etc/pki/nssdb/cert9.db"},
              {lib + "libsmime3.so"}, {a_file(lib + "libnss_dns.so.2")}),
      keeping("ca-bundle-places", {a_file(lib + "libssl.so.3")},
              {"/var/lib/ca-certificates/ca-bundle.pem", "/etc/ssl/ca-bundle.pem"},
              {"/etc/ssl/private/a.key"}, {a_file(lib + "libss.so.2")}),
      keeping("crypto-policies", {a_file(lib + "libcrypto.so.3")},
              {"/etc/crypto-policies/config", "/usr/share/crypto-policies/DEFAULT/openssl.txt"},
              {"/etc/crypto"}, {a_file(lib + "libcrypt.so.1")}),
      keeping("krb5-plugins", {a_file(lib + "libkrb5.so.3")},
              {"/usr/lib64/krb5/plugins/a.so", lib + "gss/mech.so", "/etc/gss/mech.d/a.conf"},
              {"/etc/gss/other"}, {a_file(lib + "libk5.so.3")}),
      keeping("ldap-modules", {a_file("/usr/sbin/slapd")},
              {"/usr/lib/ldap/back_mdb.so", "/etc/ldap/schema/core.ldif"}, {"/usr/lib/ldapx"},
              {a_file("/usr/sbin/slapcat")}),
      of_image("musl-locales", {"/opt/locales/de"}, {}, {"/opt/other"}, scene({}, {"/opt/locales/de"}),
               {"MUSL_LOCPATH=/opt/locales"}),
      {.id = "terminfo-named",
       .fires = scene({a_file(lib + "libtinfo.so.6")},
                      {"/usr/share/terminfo/r/rxvt", "/usr/share/terminfo/x/xterm"}, {"TERM=rxvt"}),
       .keeps = {"/usr/share/terminfo/r/rxvt"},
       .drops = {},
       .quiet = scene({a_file(lib + "libtinfo.so.6")}, {"/usr/share/terminfo/r/rxvt"})},
  };
}

}  // namespace slim
