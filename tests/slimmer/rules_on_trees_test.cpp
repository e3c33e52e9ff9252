// Every embedded rule on trees made for it: one where it must fire, and keep or drop what it says and nothing
// beside it, and one where it must not. A rule is added with its row in `cases`.
#include <algorithm>
#include <memory>
#include <ostream>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "analyzer/image.h"
#include "analyzer/rules.h"
#include "slimmer/rule_engine.h"
#include "tests/analyzer/tar_builder.h"
#include "tests/slimmer/rule_case.h"
#include "tests/slimmer/rule_cases_of_data.h"
#include "tests/slimmer/rule_cases_of_graphics.h"
#include "tests/slimmer/rule_cases_of_programs.h"
#include "tests/slimmer/rule_cases_of_runtimes.h"
#include "tests/slimmer/sample_tree.h"

namespace slim {
namespace {

std::vector<RuleCase> documentation_cases() {
  return {
      of_image("documentation", {},
               {"/usr/share/doc/app/README", "/usr/share/man/man1/app.1", "/usr/share/info/app.info",
                "/usr/share/lintian/x", "/usr/share/bug/x", "/usr/share/doc-base/x", "/usr/local/share/man/x",
                "/usr/local/share/doc/x", "/usr/local/share/info/x"},
               {"/usr/share/app/doc/help.html", "/usr/share/documents/x"}, scene({}, {"/opt/doc/x"})),
      of_image("package-manager-state", {},
               {"/var/cache/apt/x.bin", "/var/cache/debconf/x", "/var/cache/ldconfig/aux-cache",
                "/var/cache/apk/x", "/var/lib/apt/lists/x", "/var/log/apt", "/var/log/dpkg.log",
                "/var/log/bootstrap.log", "/var/log/alternatives.log"},
               {"/var/cache/app/x", "/var/lib/dpkg/status", "/var/log/app.log"}, scene({}, {"/opt/x"})),
      of_image("estargz", {}, {"/stargz.index.json", "/.prefetch.landmark", "/.no.prefetch.landmark"},
               {"/opt/stargz.index.json", "/stargz.index.json.bak"}, scene({}, {"/opt/.prefetch.landmark"})),
      of_image("headers", {},
               {"/usr/include/stdio.h", "/usr/include/sys/types.h", "/usr/lib/libz.a", lib + "libz.la"},
               {lib + "libz.so", "/opt/include/x.h", "/opt/lib/libx.a"}, scene({}, {"/usr/lib/libz.a"})),
  };
}

std::vector<RuleCase> glibc_cases() {
  return {
      keeping("glibc-nss", {libc(), app({"getaddrinfo"})},
              {"/etc/nsswitch.conf", lib + "libnss_files.so.2", lib + "libnss_dns.so.2",
               lib + "libnss_compat.so.2"},
              {"/opt/libnss_files.so.2", lib + "libnss_other.so.2"}, {libc(), app({"malloc"})}),
      keeping("nsswitch", {libc()}, {"/etc/nsswitch.conf"}, {"/etc/hosts"},
              {a_file("/lib/libc.musl-x86_64.so.1")}),
      keeping("static-glibc-nss", {naming({"/etc/nsswitch.conf"})},
              {"/etc/nsswitch.conf", lib + "libnss_files.so.2", lib + "libnss_dns.so.2", lib + "libc.so.6",
               lib + "libresolv.so.2"},
              {lib + "libm.so.6", lib + "libnss_compat.so.2"}, {naming({"/etc/other.conf"})}),
      keeping("resolver", {app({"getservbyname"})},
              {"/etc/hosts", "/etc/host.conf", "/etc/resolv.conf", "/etc/gai.conf", "/etc/services",
               "/etc/protocols", "/etc/networks", "/etc/hostname"},
              {"/etc/passwd", "/opt/hosts"}, {app({"getpid"})}),
      keeping("resolver-static", {naming({"/etc/resolv.conf"})},
              {"/etc/hosts", "/etc/resolv.conf", "/etc/services", "/etc/protocols", "/etc/nsswitch.conf"},
              {"/etc/passwd"}, {naming({"/opt/resolv.conf"})}),
      keeping("gconv", {libc(), app({"iconv_open"})},
              {lib + "gconv", lib + "gconv/UTF-16.so", lib + "gconv/gconv-modules.d",
               lib + "gconv/gconv-modules.d/x.conf"},
              {"/opt/gconv/UTF-16.so"},
              {libc(), importing(lib + "libstdc++.so.6", {"iconv_open"}),
               importing(lib + "libunistring.so.2", {"iconv_open"}),
               importing(lib + "libpsl.so.5", {"iconv_open"}), importing("/bin/bash", {"iconv_open"}),
               importing(lib + "libidn2.so.0", {"iconv_open"}),
               importing(lib + "libaprutil-1.so.0", {"iconv_open"}),
               importing(lib + "libglib-2.0.so.0", {"iconv_open"})}),
      keeping("gconv-of-apr", {libc(), importing("/m/mod_charset_lite.so", {"apr_xlate_open"})},
              {lib + "gconv", lib + "gconv/UTF-16.so"}, {"/opt/gconv/UTF-16.so"},
              {libc(), importing("/usr/sbin/apache2", {"apr_xlate_open"})}),
      keeping("gconv-of-glib", {libc(), importing(lib + "libgio-2.0.so.0", {"g_iconv_open"})},
              {lib + "gconv", lib + "gconv/UTF-16.so"}, {"/opt/gconv/UTF-16.so"},
              {libc(), importing(lib + "libharfbuzz.so.0", {"g_unichar_type"})}),
      {.id = "gconv-of-locale",
       .fires = scene({libc(), app({"setlocale"})},
                      {lib + "gconv/ISO8859-1.so", "/usr/lib/locale/de_DE.iso88591/LC_CTYPE"}),
       .keeps = {lib + "gconv/ISO8859-1.so"},
       .drops = {},
       .quiet = scene({libc(), app({"setlocale"})},
                      {lib + "gconv/ISO8859-1.so", "/usr/lib/locale/C.utf8/LC_CTYPE"})},
      {.id = "gconv-of-locale-configured",
       .fires = scene({libc()}, {lib + "gconv/KOI8-R.so", "/opt/gconv/x.so"}, {"LANG=ru_RU.KOI8-R"}),
       .keeps = {lib + "gconv/KOI8-R.so"},
       .drops = {},
       .quiet = scene({libc()}, {lib + "gconv/KOI8-R.so"}, {"LANG=C.UTF-8", "LC_ALL=de_DE.utf8"})},
      keeping(
          "locale", {app({"setlocale"})},
          {"/usr/lib/locale/C.utf8", "/usr/lib/locale/C.utf8/LC_CTYPE", "/usr/lib/locale/locale-archive",
           "/usr/share/locale/locale.alias", "/etc/locale.alias", "/etc/default/locale", "/etc/locale.conf"},
          {"/usr/lib/locale/de_DE.utf8/LC_CTYPE", "/usr/share/locale/de/LC_MESSAGES/app.mo"},
          {importing(lib + "libstdc++.so.6", {"setlocale", "newlocale"}), app({"malloc"})}),
      of_image("locale-configured",
               {"/usr/lib/locale/de_DE", "/usr/lib/locale/de_DE/LC_TIME", "/usr/lib/locale/de_DE.utf8",
                "/usr/lib/locale/de_DE.utf8/LC_TIME"},
               {}, {"/usr/lib/locale/fr_FR/LC_TIME"},
               scene({}, {"/usr/lib/locale/de_DE/LC_TIME"}, {"SLANG=de_DE"}), {"LANG=de_DE"}),
      keeping("libgcc-unwind", {libc(), app({"pthread_exit"})}, {lib + "libgcc_s.so.1"},
              {"/opt/libgcc_s.so.1"}, {libc(), app({"pthread_create"})}),
      keeping("loader-configuration", {a_file("/lib64/ld-linux-x86-64.so.2")},
              {"/etc/ld.so.cache", "/etc/ld.so.conf", "/etc/ld.so.conf.d", "/etc/ld.so.conf.d/x.conf",
               "/etc/ld.so.preload"},
              {"/etc/ld.conf"}, {a_file("/lib/ld-musl-x86_64.so.1")}),
      keeping("musl-loader-configuration", {a_file("/lib/ld-musl-x86_64.so.1")}, {"/etc/ld-musl-x86_64.path"},
              {"/etc/ld.so.conf"}, {a_file("/lib64/ld-linux-x86-64.so.2")}),
      keeping("shell-of-system", {app({"popen"})}, {"/bin/sh", "/usr/bin/sh"}, {"/bin/bash", "/opt/sh"},
              {importing(lib + "libgnutls.so.30", {"system"}), importing(lib + "libp11-kit.so.0", {"system"}),
               app({"execve"})}),
      keeping("terminfo", {a_file(lib + "libtinfo.so.6")},
              {"/usr/share/terminfo/x/xterm", "/lib/terminfo/d/dumb", "/etc/terminfo/v/vt100",
               "/usr/lib/terminfo/s/screen"},
              {"/usr/share/terminfo/w/wy60", "/usr/share/terminfo/x/xterm-mono"},
              {a_file(lib + "libtiny.so.6")}),
  };
}

std::vector<RuleCase> identity_cases() {
  return {
      keeping("login-shell", {a_file("/usr/sbin/sshd")},
              {"/etc/profile", "/etc/bash.bashrc", "/etc/profile.d", "/etc/profile.d/x.sh", "/usr/bin/id"},
              {"/etc/passwd", "/usr/bin/tput"}, {a_file("/usr/bin/ssh"), a_file("/bin/bash")}),
      of_image("os-release", {"/etc/os-release", "/etc/debian_version", "/usr/lib/os-release"}, {},
               {"/etc/issue"}, scene({}, {"/etc/debian_version"})),
      of_image("users", {"/etc/passwd", "/etc/group"}, {}, {"/etc/passwd-", "/etc/shadow"},
               scene({}, {"/etc/group"})),
      keeping("shadow", {app({"getspnam"})}, {"/etc/shadow", "/etc/gshadow"}, {"/etc/passwd"},
              {app({"getpwnam"})}),
      keeping("pam", {app({"pam_start"})},
              {"/etc/pam.conf", "/etc/pam.d", "/etc/pam.d/su", "/usr/lib/pam.d", "/usr/lib/pam.d/su",
               "/etc/security", "/etc/security/limits.conf", "/etc/environment"},
              {"/etc/login.defs"}, {app({"pam_end"})}),
      of_image("merged-usr",
               {"/bin -> usr/bin", "/lib -> usr/lib", "/lib64 -> usr/lib64", "/sbin -> usr/sbin"}, {},
               {"/usr/bin/app", "/other -> usr/bin"}, scene({}, {"/bin -> opt/bin", "/opt/bin/app"})),
      of_image("tmp", {"/tmp/", "/var/tmp/"}, {}, {"/tmp/left", "/opt/tmp/"}, scene({}, {"/var/tmp/"})),
      of_image("kernel-folders", {"/proc/", "/sys/", "/dev/", "/run/"}, {}, {"/dev/console", "/run/x"},
               scene({}, {"/sys/", "/dev/", "/run/"})),
  };
}

std::vector<RuleCase> time_cases() {
  return {
      keeping("timezone", {app({"localtime_r"})}, {"/etc/localtime", "/etc/timezone", "/etc/TZ"},
              {zones + "UTC", "/etc/adjtime"}, {app({"gmtime_r"})}),
      keeping("zoneinfo", {app({"localtime"})},
              {"/usr/share/zoneinfo", zones + "Europe", zones + "Europe/Berlin", zones + "tzdata.zi"},
              {"/usr/share/zone.tab", "/opt/zoneinfo/UTC"}, {app({"strftime"})}),
      keeping("python-tzdata", {a_file("/usr/lib/python3.11/zoneinfo/_common.py")},
              {"/v/lib/python3.11/site-packages/tzdata/__init__.py",
               "/v/lib/python3.11/site-packages/tzdata/zoneinfo/UTC"},
              {"/v/lib/python3.11/site-packages/pytz.py", "/opt/tzdata/UTC"},
              {a_file("/usr/lib/python3.11/datetime.py")}),
      of_image("zoneinfo-copies", {}, {zones + "posix/UTC", zones + "right/Europe/Berlin"},
               {zones + "UTC", zones + "posixrules"}, scene({}, {"/opt/zoneinfo/posix/UTC"})),
      of_image("zoneinfo-configured", {zones + "Europe/Berlin"}, {}, {zones + "Europe/Paris", zones + "UTC"},
               scene({}, {zones + "Europe/Berlin"}, {"TZDIR=Europe/Berlin"}), {"TZ=Europe/Berlin"}),
      keeping("zoneinfo-static", {naming({"/usr/share/zoneinfo/"})},
              {"/usr/share/zoneinfo", zones + "UTC", "/etc/localtime"}, {"/etc/timezone"},
              {naming({"/usr/share/zone/"})}),
  };
}

std::vector<RuleCase> trust_cases() {
  const Names store{"/etc/ssl/certs",
                    "/etc/ssl/certs/ca.crt",
                    "/etc/ssl/cert.pem",
                    "/usr/share/ca-certificates",
                    "/usr/share/ca-certificates/mozilla",
                    "/usr/share/ca-certificates/mozilla/A.crt",
                    "/etc/pki/tls/cert.pem"};
  Names library_store = store;
  library_store.insert(library_store.end(), {"/etc/ca-certificates.conf", "/usr/local/share/ca-certificates",
                                             "/usr/local/share/ca-certificates/own.crt", "/etc/pki/tls/certs",
                                             "/etc/pki/tls/certs/bundle.crt"});
  return {
      keeping("ca-certificates", {a_file(lib + "libssl.so.3")}, library_store, {"/etc/ssl/private/key.pem"},
              {a_file(lib + "libz.so.1")}),
      keeping("ca-certificates-static", {naming({"/etc/ssl/certs"})}, store, {"/etc/ssl/private/key.pem"},
              {naming({"/etc/ssh"})}),
      of_image("ca-certificates-environment", {"/opt/ca.pem", "/opt/certs", "/opt/certs/a.pem"}, {},
               {"/opt/other.pem"}, scene({}, {"/opt/ca.pem"}, {"CERT_FILE=/opt/ca.pem"}),
               {"SSL_CERT_FILE=/opt/ca.pem", "SSL_CERT_DIR=/opt/certs"}),
  };
}

std::vector<RuleCase> tls_cases() {
  return {
      keeping("openssl", {a_file(lib + "libcrypto.so.3")},
              {"/etc/ssl", "/etc/ssl/openssl.cnf", "/usr/lib/ssl", "/usr/lib/ssl/openssl.cnf",
               "/usr/lib/ssl/certs", lib + "ossl-modules", lib + "ossl-modules/legacy.so", lib + "engines-3",
               lib + "engines-3/afalg.so"},
              {"/etc/ssl/other.cnf", "/opt/ossl-modules/legacy.so"}, {a_file(lib + "libz.so.1")}),
      keeping("gnutls", {a_file(lib + "libgnutls.so.30")},
              {"/etc/gnutls", "/etc/gnutls/config", "/etc/pkcs11", "/etc/pkcs11/pkcs11.conf",
               "/usr/share/p11-kit/modules", "/usr/share/p11-kit/modules/trust.module",
               lib + "pkcs11/p11-kit-trust.so"},
              {lib + "pkcs11/other.so", "/usr/share/p11-kit/other"}, {a_file(lib + "libz.so.1")}),
      keeping("sasl", {a_file(lib + "libsasl2.so.2")},
              {lib + "sasl2/libplain.so", lib + "sasl2/libscram.so.2", "/usr/lib/sasl2/x.conf", "/etc/sasl2",
               "/etc/sasl2/app.conf"},
              {"/opt/sasl2/libplain.so", lib + "sasl2/libsasldb.so"}, {a_file(lib + "libz.so.1")}),
      keeping("sasl-database", {a_file(lib + "libsasl2.so.2"), app({"sasl_server_init"})},
              {lib + "sasl2/libsasldb.so", "/etc/sasldb2"}, {lib + "sasl2/libplain.so"},
              {a_file(lib + "libsasl2.so.2"), app({"sasl_client_init"})}),
      keeping("krb5", {a_file(lib + "libkrb5.so.3")},
              {"/etc/krb5.conf", "/etc/krb5.conf.d", "/etc/krb5.conf.d/x", "/etc/gss", "/etc/gss/mech",
               lib + "krb5/plugins", lib + "krb5/plugins/kdb.so"},
              {"/etc/krb5.keytab", lib + "krb5/other.so"}, {a_file(lib + "libz.so.1")}),
      keeping("ldap", {a_file(lib + "libldap-2.5.so.0")}, {"/etc/ldap/ldap.conf", "/etc/openldap/ldap.conf"},
              {"/etc/ldap/schema"}, {a_file(lib + "libz.so.1")}),
  };
}

std::vector<RuleCase> language_cases() {
  const std::string jvm = "/usr/lib/jvm/java-17/";
  const std::string node = "/usr/share/nodejs/";
  return {
      keeping("java-runtime", {a_file(jvm + "lib/libjli.so")},
              {jvm + "lib/modules", jvm + "lib/jvm.cfg", jvm + "lib/tzdb.dat", jvm + "lib/jspawnhelper",
               jvm + "lib/server/libjvm.so", jvm + "lib/server/classes.jsa", jvm + "lib/security",
               jvm + "lib/security/cacerts", jvm + "lib/jfr", jvm + "lib/jfr/default.jfc",
               jvm + "lib/libnet.so", jvm + "lib/psfontj2d.properties", jvm + "conf", jvm + "conf/security",
               jvm + "conf/security/java.security", jvm + "release"},
              {jvm + "jmods/java.base.jmod", jvm + "lib/ct.sym", jvm + "lib/src.zip", jvm + "include/jni.h",
               jvm + "man/man1/java.1", jvm + "lib/libawt.so", jvm + "lib/libjava.a",
               jvm + "legal/java.base/x", jvm + "bin/javac", jvm + "lib/server/classes_nocoops.jsa"},
              {a_file(lib + "libjli-other.so")}),
      keeping("java-unasked", {a_file(jvm + "lib/libjli.so")},
              {jvm + "lib/libjli.so", jvm + "lib/libawt.so", jvm + "lib/libjdwp.so",
               jvm + "lib/server/classes_nocoops.jsa"},
              {jvm + "lib/modules"}, {a_file(lib + "libjli-other.so")}),
      keeping(
          "java-8-runtime", {a_file("/opt/jre/lib/amd64/jli/libjli.so")},
          {"/opt/jre/lib/amd64/jli/libjli.so", "/opt/jre/lib/rt.jar", "/opt/jre/lib/amd64/server/libjvm.so"},
          {"/opt/jre/bin/java"}, {a_file("/opt/jre/lib/libjli.so")}),
      keeping("java-trust-store", {a_file(jvm + "lib/libjli.so")},
              {"/etc/ssl/certs/java/cacerts", "/etc/pki/ca-trust/extracted/java/cacerts"},
              {"/etc/ssl/certs/ca-certificates.crt"}, {a_file(jvm + "lib/libjava.so")}),
      of_image("java-home", {jvm + "bin/java"}, {}, {jvm + "bin/javac"},
               scene({}, {jvm + "bin/java"}, {"JAVA_VERSION=17"}), {"JAVA_HOME=/usr/lib/jvm/java-17"}),
      of_image("java-servers",
               {"/opt/tomcat/lib/catalina.jar", "/opt/tomcat/webapps/app.war", "/opt/tomcat/lib",
                "/opt/tomcat", "/opt/tomcat/webapps"},
               {}, {"/opt/other/x"}, scene({}, {"/opt/tomcat/lib/catalina.jar"}),
               {"CATALINA_HOME=/opt/tomcat"}),
      keeping("node-shared-builtins", {a_file(lib + "libnode.so.108")},
              {node + "acorn/dist/acorn.js", node + "acorn-walk/dist/walk.js",
               node + "cjs-module-lexer/lexer.js", node + "cjs-module-lexer/dist/lexer.js",
               node + "undici/undici-fetch.js", node + "undici/package.json"},
              {node + "semver/index.js"}, {a_file(lib + "libnodes.so.1")}),
      of_image("node-environment", {"/etc/own-ca.pem"}, {}, {"/etc/other.pem"},
               scene({}, {"/etc/own-ca.pem"}), {"NODE_EXTRA_CA_CERTS=/etc/own-ca.pem"}),
      keeping("perl-embedded", {app({"perl_parse"})},
              {"/etc/perl", "/etc/perl/x.pm", lib + "perl-base", lib + "perl-base/strict.pm",
               lib + "perl/5.36/re.pm", lib + "perl", lib + "perl/5.36", "/usr/share/perl",
               "/usr/share/perl/5.36", "/usr/share/perl/5.36/CPAN.pm", "/usr/share/perl5",
               "/usr/share/perl5/DBI.pm"},
              {"/usr/share/perlx/x.pm"}, {importing("/usr/bin/perl5.36", {"perl_parse"})}),
      keeping("perl-unicode", {a_file("/usr/share/perl/5.36/Unicode/UCD.pm")},
              {"/usr/share/perl/5.36/unicore", "/usr/share/perl/5.36/unicore/Name.pl"},
              {"/opt/unicore/Name.pl"}, {a_file("/usr/share/perl/5.36/Unicode/Normalize.pm")}),
      keeping("ruby", {a_file(lib + "libruby-3.1.so.3.1")},
              {"/usr/lib/ruby", "/usr/lib/ruby/3.1.0", "/usr/lib/ruby/3.1.0/set.rb", lib + "ruby",
               lib + "ruby/3.1.0", lib + "ruby/3.1.0/json.so", "/var/lib/gems", "/var/lib/gems/x",
               "/usr/share/rubygems-integration", "/usr/share/rubygems-integration/all",
               "/usr/share/rubygems-integration/all/rack.gemspec"},
              {"/usr/share/ri/x.ri"}, {a_file(lib + "libz.so.1")}),
      {.id = "ruby-development",
       .fires =
           scene({a_file("/usr/bin/ruby3.1")}, {"/usr/share/ri/x", "/var/lib/gems/3.1.0/gems/x-1/test/t.rb",
                                                "/var/lib/gems/3.1.0/gems/x-1/lib/x.rb"}),
       .keeps = {},
       .drops = {"/usr/share/ri/x", "/var/lib/gems/3.1.0/gems/x-1/test/t.rb"},
       .quiet = scene({a_file("/bin/app")}, {"/usr/share/ri/x"})},
      keeping("php-extensions", {a_file("/usr/lib/apache2/modules/libphp8.2.so")},
              {"/usr/lib/php/20220829", "/usr/lib/php/20220829/curl.so", "/usr/local/etc/php",
               "/usr/local/etc/php/x.ini", "/usr/share/php", "/usr/share/php/x.php"},
              {"/usr/lib/php/sessionclean"}, {a_file(lib + "libz.so.1")}),
      keeping("lua", {a_file("/usr/bin/lua5.4")},
              {"/usr/share/lua", "/usr/share/lua/5.4", "/usr/share/lua/5.4/json.lua", lib + "lua",
               lib + "lua/5.4", lib + "lua/5.4/socket.so"},
              {"/opt/lua/x.lua"}, {a_file("/bin/app")}),
      keeping("tcl", {a_file(lib + "libtcl8.6.so")},
              {"/usr/share/tcltk", "/usr/share/tcltk/tcl8.6", "/usr/share/tcltk/tcl8.6/init.tcl",
               "/usr/lib/tcltk", "/usr/lib/tcltk/x.tm"},
              {"/opt/tcl/x.tcl"}, {a_file("/bin/app")}),
  };
}

std::vector<RuleCase> server_cases() {
  const std::string server = "/usr/lib/postgresql/15/bin/postgres";
  return {
      {.id = "postgresql-development",
       .fires = scene({a_file(server)},
                      {"/usr/lib/postgresql/15/lib/bitcode/x.bc", "/usr/lib/postgresql/15/lib/pgxs/x",
                       "/usr/lib/postgresql/15/lib/plpgsql.so", "/usr/share/postgresql/15/man/man1/x"}),
       .keeps = {},
       .drops = {"/usr/lib/postgresql/15/lib/bitcode/x.bc", "/usr/lib/postgresql/15/lib/pgxs/x",
                 "/usr/share/postgresql/15/man/man1/x"},
       .quiet = scene({a_file("/bin/app")}, {"/usr/lib/postgresql/15/lib/bitcode/x.bc"})},
      keeping("postgresql", {a_file(server)},
              {"/usr/share/postgresql", "/usr/share/postgresql/15", "/usr/share/postgresql/15/x.control",
               "/usr/lib/postgresql/15/lib/plpgsql.so"},
              {"/usr/lib/postgresql/15/bin/pg_upgrade"}, {a_file("/bin/app")}),
      keeping("postgresql-programs", {a_file(server)},
              {"/usr/bin/locale", "/bin/sh", "/bin/cp", "/usr/bin/tr"}, {"/usr/bin/find"},
              {a_file("/bin/app")}),
      keeping("tar-compressors", {a_file("/usr/bin/tar")}, {"/usr/bin/gzip", "/bin/xz"}, {"/usr/bin/zip"},
              {a_file("/usr/bin/cat")}),
      of_image("served-data", {"/srv", "/srv/tls", "/srv/tls/key.pem"}, {}, {"/opt/srv/x"},
               scene({}, {"/opt/srv/x"})),
  };
}

std::vector<RuleCase> all_cases() {
  std::vector<RuleCase> cases;
  for (const auto& part :
       {documentation_cases(), glibc_cases(), identity_cases(), time_cases(), trust_cases(), tls_cases(),
        data_cases(), graphics_cases(), programs_cases(), language_cases(), server_cases(), runtimes_cases()})
    cases.insert(cases.end(), part.begin(), part.end());
  return cases;
}

std::string path_of(const std::string& item) {
  std::string path = item.substr(0, item.find(" -> "));
  if (path.ends_with('/')) path.pop_back();
  return path;
}

/// A path that lies above another one is a folder.
bool is_folder(const std::string& item, const Names& items) {
  return item.ends_with('/') || std::ranges::any_of(items, [&item](const std::string& other) {
           return other.starts_with(item + "/");
         });
}

test::TarBuilder tar_of(const Scene& one) {
  test::TarBuilder tar;
  for (const Given& given : one.given) {
    test::ElfSpec spec;
    spec.imports = given.imports;
    for (const std::string& text : given.strings) spec.rodata += text + '\0';
    if (given.program) spec.type = 2;
    if (given.program && !given.imports.empty()) spec.interpreter = "/lib64/ld-linux-x86-64.so.2";
    tar.file(given.path.substr(1), test::make_elf(spec), 0755);
  }
  std::set<std::string> written;
  for (const Given& given : one.given) written.insert(given.path);
  for (const std::string& item : one.paths) {
    const std::string path = path_of(item);
    if (!written.insert(path).second) continue;
    if (const auto arrow = item.find(" -> "); arrow != std::string::npos) {
      tar.symlink(path.substr(1), item.substr(arrow + 4));
    } else if (is_folder(item, one.paths)) {
      tar.folder(path.substr(1));
    } else {
      tar.file(path.substr(1), "x");
    }
  }
  return tar;
}

struct Outcome {
  bool fired = false;
  std::set<std::string> kept;
  std::set<std::string> dropped;
};

/// What one rule does where all of a scene's files are kept, in this order.
Outcome play(const Rule& rule, const Scene& one) {
  ImageConfig config;
  config.env = one.env;
  const auto sample = test::sample_tree(tar_of(one), config);
  const std::vector<Rule> rules{rule};
  RuleEngine engine(sample->tree, sample->config, sample->packages, rules);
  std::vector<RuleFiring> firings = engine.at_start();
  for (const Given& given : one.given) {
    for (RuleFiring& firing : engine.kept(sample->at(given.path))) firings.push_back(std::move(firing));
  }
  Outcome outcome;
  outcome.fired = !firings.empty();
  for (const RuleFiring& firing : firings) {
    for (const NodeId node : firing.keep) outcome.kept.insert(sample->tree.path(node));
  }
  for (const NodeId node : sample->tree.walk()) {
    const bool folder = sample->tree.is(node, EntryType::directory);  // those are decided by folders.cpp
    if (!folder && engine.drops(sample->tree.path(node)) != nullptr)
      outcome.dropped.insert(sample->tree.path(node));
  }
  return outcome;
}

const std::vector<Rule>& embedded() {
  static const std::vector<Rule> rules = embedded_rules();
  return rules;
}

const Rule* find_rule(std::string_view id) {
  const auto found = std::ranges::find(embedded(), id, &Rule::id);
  return found == embedded().end() ? nullptr : &*found;
}

std::set<std::string> paths_of(const Names& items) {
  std::set<std::string> paths;
  for (const std::string& item : items) paths.insert(path_of(item));
  return paths;
}

class EmbeddedRule : public testing::TestWithParam<RuleCase> {};

TEST_P(EmbeddedRule, KeepsAndDropsWhatItSays) {
  const Rule* rule = find_rule(GetParam().id);
  ASSERT_NE(rule, nullptr) << "there is no embedded rule " << GetParam().id;
  Outcome outcome = play(*rule, GetParam().fires);
  EXPECT_TRUE(outcome.fired);
  const std::set<std::string> keeps = paths_of(GetParam().keeps);
  std::erase_if(outcome.kept, [&keeps](const std::string& path) {  // the folders of what is kept stay anyway
    return !keeps.contains(path) && std::ranges::any_of(keeps, [&path](const std::string& kept) {
      return kept.starts_with(path + "/");
    });
  });
  EXPECT_EQ(outcome.kept, keeps);
  EXPECT_EQ(outcome.dropped, paths_of(GetParam().drops));
  EXPECT_FALSE(outcome.kept.empty() && outcome.dropped.empty()) << "a case that shows nothing";
}

TEST_P(EmbeddedRule, IsQuietElsewhere) {
  const Rule* rule = find_rule(GetParam().id);
  ASSERT_NE(rule, nullptr) << "there is no embedded rule " << GetParam().id;
  const Outcome outcome = play(*rule, GetParam().quiet);
  EXPECT_FALSE(outcome.fired);
  EXPECT_THAT(outcome.kept, testing::IsEmpty());
  EXPECT_THAT(outcome.dropped, testing::IsEmpty());
}

TEST_P(EmbeddedRule, SaysWhyAndFromWhere) {
  const Rule* rule = find_rule(GetParam().id);
  ASSERT_NE(rule, nullptr);
  EXPECT_FALSE(rule->why.empty());
  EXPECT_FALSE(rule->source.empty());
}

std::string case_name(const testing::TestParamInfo<RuleCase>& info) {
  std::string name = info.param.id;
  std::ranges::replace(name, '-', '_');
  return name;
}

INSTANTIATE_TEST_SUITE_P(Rules, EmbeddedRule, testing::ValuesIn(all_cases()), case_name);

TEST(EmbeddedRules, EachHasItsCaseHere) {
  std::vector<std::string> have;
  for (const RuleCase& one : all_cases()) have.push_back(one.id);
  std::vector<std::string> rules;
  for (const Rule& rule : embedded()) rules.push_back(rule.id);
  EXPECT_THAT(have, testing::UnorderedElementsAreArray(rules))
      << "a rule without a row in this file, a row without a rule, or two rows for one";
}

}  // namespace
}  // namespace slim
