#!/usr/bin/python3
"""The rules that matter, on real images: which of them fire, what each keeps there, and which do not fire although
another image has use for them. The paths were looked up in the images, not in the rules."""

from slim_program import SystemTest, main, original_of, slim

LIB = "/usr/lib/x86_64-linux-gnu/"
# rule -> image -> a path that it has to keep there
KEPT = {
    "apache": {"php": "/usr/share/apache2/error"},
    "busybox-applets": {"alpine": "/bin/ash"},
    "ca-certificates": {"express": "/etc/ssl/certs/ISRG_Root_X1.pem", "ruby": "/etc/ssl/certs/ISRG_Root_X1.pem"},
    "ca-certificates-static": {"rust": "/etc/ssl/certs/ISRG_Root_X1.pem"},
    "gconv": {"plugin": LIB + "gconv/ISO8859-15.so", "ruby": LIB + "gconv/gconv-modules.cache"},
    "git": {"git": "/usr/share/git-core/templates/hooks"},
    "glibc-nss": {"nginx": LIB + "libnss_files.so.2", "postgres": LIB + "libnss_dns.so.2"},
    "java-runtime": {"java": "/usr/lib/jvm/java-17-openjdk-amd64/lib/tzdb.dat"},
    "java-trust-store": {"spring": "/etc/ssl/certs/java/cacerts"},
    "krb5": {"cli": LIB + "krb5/plugins"},
    "libgcc-unwind": {"nginx": LIB + "libgcc_s.so.1"},
    "loader-configuration": {"nginx": "/etc/ld.so.cache", "flask": "/etc/ld.so.cache"},
    "locale": {"redis": "/usr/lib/locale/C.utf8/LC_CTYPE"},
    "locale-configured": {"postgres": "/usr/lib/locale/C.utf8/LC_COLLATE"},
    "merged-usr": {"flask": "/lib64"},
    "mime-types": {"flask": "/etc/mime.types"},
    "openssl": {"perl": "/etc/ssl/openssl.cnf", "memcached": LIB + "ossl-modules/legacy.so"},
    "pam": {"postgres": "/etc/pam.conf"},
    "ruby": {"ruby": "/usr/lib/ruby/3.1.0/json.rb"},
    "sasl-database": {"memcached": LIB + "sasl2/libsasldb.so.2"},
    "shell-of-system": {"plugin": "/usr/bin/sh"},
    "terminfo": {"cli": "/usr/lib/terminfo/x/xterm"},
    "tmp": {"go": "/tmp", "nginx": "/var/tmp"},
    "users": {"go": "/etc/passwd"},
    "zoneinfo": {"nginx": "/usr/share/zoneinfo/Europe/Berlin", "php": "/usr/share/zoneinfo/Europe/Berlin"},
    "zoneinfo-static": {"go": "/usr/share/zoneinfo/Europe/Berlin"},
}
# image -> rules that have no business there
SILENT = {
    "go": ("glibc-nss", "locale", "merged-usr", "openssl", "gconv", "ruby", "java-runtime"),
    "memcached": ("gconv", "ca-certificates", "terminfo", "shell-of-system"),
    "nginx": ("gconv", "terminfo", "shell-of-system", "pam", "java-runtime", "sasl-database"),
    "static": ("glibc-nss", "zoneinfo", "users", "openssl"),
}


class RulesOnImages(SystemTest):
    def kept_by(self, name):
        """rule -> the paths that it keeps in the image."""
        finished = slim("analyze", "docker-archive:" + original_of(name), "--format", "json", "--files")
        self.assert_status(finished, 0)
        kept = {}
        for file in finished.json()["files"]:
            reason = file.get("reason", {})
            if file["decision"] == "keep" and reason.get("kind") == "rule":
                kept.setdefault(reason["detail"], set()).add(file["path"])
        return kept

    def test_each_keeps_what_it_is_for_and_no_other_image_s(self):
        images = sorted({image for wanted in KEPT.values() for image in wanted} | set(SILENT))
        for image in images:
            with self.subTest(image=image):
                kept = self.kept_by(image)
                for rule, wanted in KEPT.items():
                    if image in wanted:
                        self.assertTrue(wanted[image] in kept.get(rule, ()), "%s does not keep %s" % (rule, wanted[image]))
                self.assertEqual([rule for rule in SILENT.get(image, ()) if rule in kept], [])


if __name__ == "__main__":
    main()
