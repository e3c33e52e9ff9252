#include "runner/path_calls.h"

#include <algorithm>
#include <fcntl.h>
#include <linux/audit.h>
#include <set>
#include <string_view>
#include <sys/syscall.h>

#include <gtest/gtest.h>

#include "runner/sandbox.h"
#include "runner/seccomp_profile.h"

namespace slim {
namespace {

TEST(PathCalls, OpeningSaysWhatItIsFor) {
  EXPECT_EQ(use_of_open(O_RDONLY), PathUse::opened);
  EXPECT_EQ(use_of_open(O_RDONLY | O_DIRECTORY), PathUse::opened | PathUse::listed);
  EXPECT_EQ(use_of_open(O_WRONLY), PathUse::opened | PathUse::changed);
  EXPECT_EQ(use_of_open(O_RDONLY | O_CREAT), PathUse::opened | PathUse::changed);
  EXPECT_EQ(use_of_open(O_RDWR | O_TMPFILE), PathUse::opened | PathUse::changed);
  EXPECT_EQ(use_of_open(O_PATH | O_DIRECTORY), PathUse::looked_up);
}

TEST(PathCalls, EachHasANameOfItsOwnThatDockerAllows) {
  const auto names = path_call_names();
  const std::set<std::string_view> distinct(names.begin(), names.end());
  EXPECT_EQ(distinct.size(), names.size());
  for (const auto name : names) {
    EXPECT_NE(std::ranges::find(allowed_syscalls(), name), allowed_syscalls().end())
        << name << ": it would never be notified";
  }
}

TEST(PathCalls, NumbersAreThoseOfTheCallersArchitecture) {
  const CallConventions conventions;
#ifdef __x86_64__
  int number = __NR_openat;
  EXPECT_EQ(conventions.of(AUDIT_ARCH_X86_64, number).find(number)->name, "openat");
  number = 0x40000000 | 520;
  const auto& x32 = conventions.of(AUDIT_ARCH_X86_64, number);
  EXPECT_EQ(x32.find(number)->name, "execve");
  EXPECT_FALSE(x32.wide);
  number = 195;
  EXPECT_EQ(conventions.of(AUDIT_ARCH_I386, number).find(number)->name, "stat64");
#endif
  int other = 1;
  EXPECT_FALSE(conventions.of(0, other).known);
  EXPECT_EQ(conventions.of(0, other).find(other), nullptr);
  EXPECT_EQ(conventions.of(0, other).find(-1), nullptr);
}

}  // namespace
}  // namespace slim
