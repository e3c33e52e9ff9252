// syscalls(2). Numbers of the native architecture are the headers'; those of 32-bit x86 programs, which have
// another table (the kernel's arch/x86/entry/syscalls/syscall_32.tbl), stand here, since the two headers
// cannot be included together. Calls by socketcall(2), which only old 32-bit programs make, are not read.
#include "runner/path_calls.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <fcntl.h>
#include <linux/audit.h>
#include <span>
#include <string_view>
#include <sys/syscall.h>
#include <vector>

#include "runner/sandbox.h"

namespace slim {
namespace {

#if defined(__x86_64__)
constexpr std::uint32_t native_architecture = AUDIT_ARCH_X86_64;
#elif defined(__aarch64__)
constexpr std::uint32_t native_architecture = AUDIT_ARCH_AARCH64;
#elif defined(__riscv)
constexpr std::uint32_t native_architecture = AUDIT_ARCH_RISCV64;
#elif defined(__powerpc64__)
constexpr std::uint32_t native_architecture = AUDIT_ARCH_PPC64LE;
#elif defined(__s390x__)
constexpr std::uint32_t native_architecture = AUDIT_ARCH_S390X;
#endif

constexpr int x32_bit = 0x40000000;
constexpr int x32_execve = 520;
constexpr int x32_execveat = 545;

// What the headers may be too old to have; the same on every architecture (fchmodat2: Linux 6.6).
constexpr int number_of_faccessat2 = 439;
constexpr int number_of_fchmodat2 = 452;
constexpr int number_of_openat2 = 437;

constexpr unsigned looked_up = PathUse::looked_up;
constexpr unsigned changed = PathUse::changed;
using Operands = std::array<PathOperand, 2>;

/// A path from the working folder.
constexpr Operands named(unsigned use, int path = 0) {
  return {PathOperand{.folder = -1, .path = path, .use = use}, PathOperand{}};
}
/// A path from the folder that is the argument before it.
constexpr Operands at_folder(unsigned use, int folder = 0) {
  return {PathOperand{.folder = folder, .path = folder + 1, .use = use}, PathOperand{}};
}

constexpr PathCall row(std::string_view name, int native, int i386, Operands operands,
                       CallKind kind = CallKind::plain, int detail = -1) {
  return {.name = name, .native = native, .i386 = i386, .kind = kind, .operands = operands, .detail = detail};
}

constexpr auto calls = std::to_array<PathCall>({
#ifdef __NR_open
    row("open", __NR_open, 5, named(0), CallKind::open, 1),
    row("creat", __NR_creat, 8, named(PathUse::opened | changed)),
    row("stat", __NR_stat, 106, named(looked_up)),
    row("lstat", __NR_lstat, 107, named(looked_up)),
    row("access", __NR_access, 33, named(looked_up)),
    row("readlink", __NR_readlink, 85, named(looked_up)),
    row("mkdir", __NR_mkdir, 39, named(changed)),
    row("rmdir", __NR_rmdir, 40, named(changed)),
    row("unlink", __NR_unlink, 10, named(changed)),
    row("mknod", __NR_mknod, 14, named(changed)),
    row("chmod", __NR_chmod, 15, named(changed)),
    row("chown", __NR_chown, 182, named(changed)),
    row("lchown", __NR_lchown, 16, named(changed)),
    row("utime", __NR_utime, 30, named(changed)),
    row("utimes", __NR_utimes, 271, named(changed)),
    row("futimesat", __NR_futimesat, 299, at_folder(changed)),
    row("symlink", __NR_symlink, 83, named(changed, 1)),  // the first is text and not looked up
    row("rename", __NR_rename, 38,
        {PathOperand{.folder = -1, .path = 0, .use = changed},
         PathOperand{.folder = -1, .path = 1, .use = changed}}),
    row("link", __NR_link, 9,
        {PathOperand{.folder = -1, .path = 0, .use = looked_up},
         PathOperand{.folder = -1, .path = 1, .use = changed}}),
#endif
#ifdef __NR_newfstatat
    row("newfstatat", __NR_newfstatat, -1, at_folder(looked_up)),
#endif
#ifdef __NR_renameat
    row("renameat", __NR_renameat, 302,
        {PathOperand{.folder = 0, .path = 1, .use = changed},
         PathOperand{.folder = 2, .path = 3, .use = changed}}),
#endif
    row("stat64", -1, 195, named(looked_up)),
    row("lstat64", -1, 196, named(looked_up)),
    row("fstatat64", -1, 300, at_folder(looked_up)),
    row("chown32", -1, 212, named(changed)),
    row("lchown32", -1, 198, named(changed)),
    row("truncate64", -1, 193, named(changed)),
    row("statfs64", -1, 268, named(looked_up)),
    row("utimensat_time64", -1, 412, at_folder(changed)),
    row("openat", __NR_openat, 295, at_folder(0), CallKind::open, 2),
    row("openat2", number_of_openat2, number_of_openat2, at_folder(0), CallKind::open_how, 2),
    row("statx", __NR_statx, 383, at_folder(looked_up)),
    row("faccessat", __NR_faccessat, 307, at_folder(looked_up)),
    row("faccessat2", number_of_faccessat2, number_of_faccessat2, at_folder(looked_up)),
    row("readlinkat", __NR_readlinkat, 305, at_folder(looked_up)),
    row("statfs", __NR_statfs, 99, named(looked_up)),
    row("name_to_handle_at", __NR_name_to_handle_at, 341, at_folder(looked_up)),
    row("inotify_add_watch", __NR_inotify_add_watch, 292, named(looked_up, 1)),
    row("getxattr", __NR_getxattr, 229, named(looked_up)),
    row("lgetxattr", __NR_lgetxattr, 230, named(looked_up)),
    row("listxattr", __NR_listxattr, 232, named(looked_up)),
    row("llistxattr", __NR_llistxattr, 233, named(looked_up)),
    row("setxattr", __NR_setxattr, 226, named(changed)),
    row("lsetxattr", __NR_lsetxattr, 227, named(changed)),
    row("removexattr", __NR_removexattr, 235, named(changed)),
    row("lremovexattr", __NR_lremovexattr, 236, named(changed)),
    row("truncate", __NR_truncate, 92, named(changed)),
    row("mkdirat", __NR_mkdirat, 296, at_folder(changed)),
    row("mknodat", __NR_mknodat, 297, at_folder(changed)),
    row("unlinkat", __NR_unlinkat, 301, at_folder(changed)),
    row("fchmodat", __NR_fchmodat, 306, at_folder(changed)),
    row("fchmodat2", number_of_fchmodat2, number_of_fchmodat2, at_folder(changed)),
    row("fchownat", __NR_fchownat, 298, at_folder(changed)),
    row("utimensat", __NR_utimensat, 320, at_folder(changed)),
    row("symlinkat", __NR_symlinkat, 304, at_folder(changed, 1)),
    row("renameat2", __NR_renameat2, 353,
        {PathOperand{.folder = 0, .path = 1, .use = changed},
         PathOperand{.folder = 2, .path = 3, .use = changed}}),
    row("linkat", __NR_linkat, 303,
        {PathOperand{.folder = 0, .path = 1, .use = looked_up},
         PathOperand{.folder = 2, .path = 3, .use = changed}}),
    row("chdir", __NR_chdir, 12, named(PathUse::entered)),
    row("chroot", __NR_chroot, 61, named(PathUse::entered), CallKind::change_root),
    row("execve", __NR_execve, 11, named(PathUse::executed), CallKind::execute, 1),
    row("execveat", __NR_execveat, 358, at_folder(PathUse::executed), CallKind::execute, 2),
    row("connect", __NR_connect, 362, named(looked_up, 1), CallKind::socket_address, 2),
    row("bind", __NR_bind, 361, named(changed, 1), CallKind::socket_address, 2),
});

void add(CallConvention& convention, int number, const PathCall& call) {
  if (number < 0) return;
  const auto at = static_cast<std::size_t>(number);
  if (convention.by_number.size() <= at) convention.by_number.resize(at + 1, nullptr);
  convention.by_number[at] = &call;
}

}  // namespace

std::span<const PathCall> path_calls() {
  return calls;
}

std::vector<std::string_view> path_call_names() {
  std::vector<std::string_view> names;
  names.reserve(calls.size());
  for (const auto& call : calls) names.push_back(call.name);
  return names;
}

CallConventions::CallConventions() {
  native_.known = i386_.known = x32_.known = true;
  i386_.wide = x32_.wide = false;
  for (const auto& call : calls) {
    add(native_, call.native, call);
    add(i386_, call.i386, call);
    int x32 = call.native;
    if (call.name == "execve") x32 = x32_execve;
    if (call.name == "execveat") x32 = x32_execveat;
    add(x32_, x32, call);
  }
}

const CallConvention& CallConventions::of(std::uint32_t architecture, int& number) const {
#if defined(__x86_64__)
  if (architecture == AUDIT_ARCH_I386) return i386_;
  if (architecture == native_architecture && (number & x32_bit) != 0) {
    number &= ~x32_bit;
    return x32_;
  }
#endif
  return architecture == native_architecture ? native_ : unknown_;
}

unsigned use_of_open(std::uint64_t flags) {
  if ((flags & O_PATH) != 0) return PathUse::looked_up;
  unsigned use = PathUse::opened;
  // O_TMPFILE makes a file, and holds the bit of O_DIRECTORY.
  const bool temporary = (flags & O_TMPFILE) == O_TMPFILE;
  if ((flags & O_DIRECTORY) != 0 && !temporary) use |= PathUse::listed;
  if ((flags & O_ACCMODE) != O_RDONLY || (flags & (O_CREAT | O_TRUNC)) != 0 || temporary) use |= changed;
  return use;
}

}  // namespace slim
