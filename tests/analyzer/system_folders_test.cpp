#include "analyzer/system_folders.h"

#include <string_view>

#include <gtest/gtest.h>

namespace slim {
namespace {

TEST(SystemFolders, FoldersThatProgramsShareAreTheSystems) {
  for (const std::string_view path : {"/",
                                      "/etc",
                                      "/usr",
                                      "/usr/bin",
                                      "/usr/lib",
                                      "/lib64",
                                      "/usr/lib/x86_64-linux-gnu",
                                      "/lib/aarch64-linux-gnu",
                                      "/usr/local/lib",
                                      "/usr/share",
                                      "/usr/share/doc",
                                      "/usr/share/doc/bash",
                                      "/usr/share/zoneinfo/Europe",
                                      "/etc/init.d",
                                      "/etc/rc3.d",
                                      "/etc/ssl/certs",
                                      "/etc/pki/tls/certs",
                                      "/var/lib",
                                      "/var/lib/dpkg/info",
                                      "/var/cache/apt/archives",
                                      "/var/log",
                                      "/run/lock",
                                      "/home",
                                      "/root",
                                      "/tmp",
                                      "/usr/share"}) {
    EXPECT_TRUE(is_system_folder(path)) << path;
  }
}

TEST(SystemFolders, FoldersOfOneApplicationAreNot) {
  for (const std::string_view path :
       {"/etc/nginx", "/etc/nginx/conf.d", "/usr/share/nginx/html", "/usr/lib/nginx/modules",
        "/var/lib/mysql", "/var/log/nginx", "/opt/app", "/srv", "/var/www", "/srv/www", "/app", "/home/node",
        "/usr/lib/python3", "/usr/lib/jvm", "/usr/lib/x86_64-linux-gnu/gconv", "/usr/local/lib/node_modules",
        "/usr/libx", "/etcetera", "/run/nginx"}) {
    EXPECT_FALSE(is_system_folder(path)) << path;
  }
}

TEST(SystemFolders, TheKernelHasThreeTrees) {
  for (const std::string_view path :
       {"/proc", "/proc/self/fd/1", "/sys", "/sys/fs/cgroup", "/dev", "/dev/stdout"})
    EXPECT_TRUE(is_kernel_path(path)) << path;
  for (const std::string_view path :
       {"/", "", "/process", "/system", "/device/x", "/usr/dev", "proc", "/pro"})
    EXPECT_FALSE(is_kernel_path(path)) << path;
}

TEST(SystemFolders, FilesAreSummedUpByTheFolderThatIsWorthALine) {
  EXPECT_EQ(summary_folder("/usr/lib/x86_64-linux-gnu/gconv/a.so"), "/usr/lib/x86_64-linux-gnu");
  EXPECT_EQ(summary_folder("/usr/share/zoneinfo/Europe/Berlin"), "/usr/share/zoneinfo");
  EXPECT_EQ(summary_folder("/usr/bin/perl"), "/usr/bin");
  EXPECT_EQ(summary_folder("/usr/lib/os-release"), "/usr/lib");
  EXPECT_EQ(summary_folder("/etc/ssl/openssl.cnf"), "/etc");
  EXPECT_EQ(summary_folder("/init"), "/");
}

}  // namespace
}  // namespace slim
