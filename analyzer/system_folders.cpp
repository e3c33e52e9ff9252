// Filesystem Hierarchy Standard 3.0, hier(7), and where Debian, Alpine and Fedora put what programs share.
#include "analyzer/system_folders.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <string>
#include <string_view>

#include "analyzer/glob.h"

namespace slim {
namespace {

// Folders that many packages put something into. A pattern stands for the folder alone, not for what is
// below.
constexpr auto system_folders = std::to_array<std::string_view>({
    "/",
    "/{bin,boot,dev,etc,home,lib,lib32,lib64,libx32,proc,root,run,sbin,sys,tmp,usr,var}",
    "/lib/*-linux-*",
    "/etc/"
    "{alternatives,cron.d,cron.daily,cron.hourly,cron.monthly,cron.weekly,default,dpkg,init.d,ld.so.conf.d}",
    "/etc/{logrotate.d,network,opt,pam.d,pki,profile.d,rc?.d,security,selinux,skel,ssl,sysctl.d,systemd,xdg}",
    "/etc/{ca-certificates,conf.d,environment.d,gss,pkcs11,terminfo,tmpfiles.d,update-motd.d,apk,apt}",
    "/etc/apt/**",
    "/etc/systemd/**",
    "/etc/ssl/{certs,private}",
    "/etc/pki/**",
    "/run/{lock,user}",
    "/usr/{bin,games,include,lib,lib32,lib64,libx32,libexec,local,sbin,share,src}",
    "/usr/lib/*-linux-*",
    "/usr/lib/{debug,locale,modules,pkgconfig,sasl2,ssl,sysctl.d,systemd,tmpfiles.d,udev,apt,dpkg,terminfo}",
    "/usr/lib/{systemd,udev,apt,dpkg}/**",
    "/usr/local/{bin,etc,games,include,lib,man,sbin,share,src}",
    "/usr/share/"
    "{applications,bash-completion,bug,common-licenses,dict,doc,doc-base,fonts,i18n,icons,info,keyrings}",
    "/usr/share/"
    "{lintian,locale,man,menu,mime,misc,pixmaps,pkgconfig,polkit-1,terminfo,tabset,xml,sgml,zoneinfo,zsh}",
    "/usr/share/"
    "{debconf,debianutils,dpkg,perl5,pam,pam-configs,readline,sensible-utils,ca-certificates,themes,sounds}",
    "/usr/share/{doc,man,locale,info,zoneinfo,terminfo}/**",
    // what several packages share; rules and configuration files say what is used of it
    "/usr/lib/php",
    "/usr/lib/*-linux-*/{security,sasl2}",
    "/etc/{apache2,nginx}/{mods,conf,sites,modules}-available",
    // what Perl searches: its modules are followed one by one
    "/etc/perl",
    "/usr/{lib,lib64,share,local/lib,local/lib64,local/share}/{perl,perl5}",
    "/usr/{share,local/share,local/lib/*-linux-*,lib/*-linux-*}/{perl,perl5}/5.*",
    "/usr/lib/*-linux-*/{perl,perl5,perl-base}",
    "/usr/{lib,share}/perl5/{core_perl,vendor_perl,site_perl}",
    "/usr/local/lib/perl5/{5.*,site_perl,vendor_perl}",
    "/usr/local/lib/perl5/{site_perl,vendor_perl}/5.*",
    "/var/{backups,cache,empty,games,lib,local,lock,log,mail,opt,run,spool,tmp,yp}",
    "/var/lib/{apt,dpkg,misc,pam,systemd,apk}/**",
    "/var/cache/{apt,debconf,ldconfig,apk}/**",
});

}  // namespace

bool is_system_folder(std::string_view path) {
  static const GlobIndex index = [] {
    GlobIndex made;
    for (const std::string_view pattern : system_folders) made.add(pattern, 0);
    return made;
  }();
  return index.matches(path);
}

bool is_kernel_path(std::string_view path) {
  return std::ranges::any_of(
      std::to_array<std::string_view>({"/proc", "/sys", "/dev"}), [path](std::string_view top) {
        return path == top || (path.starts_with(top) && path.size() > top.size() && path[top.size()] == '/');
      });
}

std::string summary_folder(std::string_view path) {
  std::size_t depth =
      path.starts_with("/usr/") || path.starts_with("/var/") || path.starts_with("/opt/") ? 3 : 1;
  if (path.starts_with("/usr/bin") || path.starts_with("/usr/sbin") || path.starts_with("/usr/include"))
    depth = 2;
  std::size_t end = 0;
  const std::size_t last = path.rfind('/');  // the file's own name does not count
  while (depth-- > 0) {
    const auto slash = path.find('/', end + 1);
    if (slash == std::string_view::npos || slash > last) break;
    end = slash;
  }
  return end == 0 ? "/" : std::string(path.substr(0, end));
}

}  // namespace slim
