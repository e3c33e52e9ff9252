#include "runner/binfmt.h"

#include <filesystem>
#include <fstream>
#include <string>

#include <gtest/gtest.h>

#include "analyzer/platform.h"
#include "tests/analyzer/temporary_folder.h"

namespace slim {
namespace {

/// What Debian's qemu-user-static registers for aarch64.
const std::string aarch64 =
    "interpreter /usr/libexec/qemu-binfmt/aarch64-binfmt-P\nflags: POCF\noffset 0\n"
    "magic 7f454c460201010000000000000000000200b700\nmask ffffffffffffff00fffffffffffffffffeffffff\n";

class Binfmt : public testing::Test {
 protected:
  void write(const std::string& name, const std::string& text) {
    std::ofstream(std::filesystem::path(folder_.path()) / name) << text;
  }
  [[nodiscard]] std::string emulator(const std::string& platform) const {
    return emulator_of(Platform::parse(platform), folder_.path());
  }
  test::TemporaryFolder folder_;
};

TEST_F(Binfmt, AHandlerRunsTheMachineOfItsMagic) {
  write("qemu-aarch64", "enabled\n" + aarch64);
  EXPECT_EQ(emulator("linux/arm64"), "/usr/libexec/qemu-binfmt/aarch64-binfmt-P");
  EXPECT_EQ(emulator("linux/arm64/v8"), "/usr/libexec/qemu-binfmt/aarch64-binfmt-P");
  for (const char* other : {"linux/arm/v7", "linux/amd64", "linux/s390x", "linux/riscv64", "windows/arm64"})
    EXPECT_EQ(emulator(other), "") << other;
}

TEST_F(Binfmt, BigEndianMachinesAreToldApart) {
  write("qemu-s390x",
        "enabled\ninterpreter /q\nflags: F\noffset 0\n"
        "magic 7f454c4602020100000000000000000000020016\nmask ffffffffffffff00fffffffffffffffffffeffff\n");
  EXPECT_EQ(emulator("linux/s390x"), "/q");
  EXPECT_EQ(emulator("linux/ppc64le"), "");
}

TEST_F(Binfmt, OneThatIsOffOrWouldHaveToBeInTheContainerDoesNotCount) {
  write("off", "disabled\n" + aarch64);
  std::string in_container = "enabled\n" + aarch64;
  in_container.replace(in_container.find("POCF"), 4, "OC");
  write("in-container", in_container);
  write("status", "enabled\n");
  EXPECT_EQ(emulator("linux/arm64"), "");
}

TEST_F(Binfmt, WhatIsNoHandlerIsPassedOver) {
  write("by-suffix", "enabled\ninterpreter /bin/cli\nflags: F\nextension .exe\n");
  write("odd", "enabled\ninterpreter /q\nflags: F\noffset 4000\nmagic 7f45\n");
  write("letters", "enabled\ninterpreter /q\nflags: F\noffset 0\nmagic zz\n");
  EXPECT_EQ(emulator("linux/arm64"), "");
  EXPECT_EQ(emulator_of(Platform::parse("linux/arm64"), "/nonexistent"), "");
}

}  // namespace
}  // namespace slim
