// Names from the ABI supplements and glibc's sysdeps; Debian's triplets from its multiarch specification.
#include "analyzer/loader_abi.h"

#include <cstdint>
#include <string_view>
#include <vector>

#include <llvm/BinaryFormat/ELF.h>

#include "analyzer/elf.h"

namespace slim {
namespace {

namespace e = llvm::ELF;

const LoaderAbi x86_64{.triplet = "x86_64-linux-gnu",
                       .lib = "lib64",
                       .interpreter = "/lib64/ld-linux-x86-64.so.2",
                       .hwcaps = {"x86-64-v4", "x86-64-v3", "x86-64-v2"},
                       .platforms = {"x86_64", "haswell", "xeon_phi"},
                       .legacy_always = {"x86_64"},
                       .legacy_some = {"avx512_1"}};
const LoaderAbi x32{.triplet = "x86_64-linux-gnux32",
                    .lib = "libx32",
                    .interpreter = "/libx32/ld-linux-x32.so.2",
                    .hwcaps = {"x86-64-v4", "x86-64-v3", "x86-64-v2"},
                    .platforms = {"x86_64", "haswell", "xeon_phi"},
                    .legacy_always = {"x86_64"},
                    .legacy_some = {"avx512_1"}};
const LoaderAbi i386{.triplet = "i386-linux-gnu",
                     .lib = "lib",
                     .interpreter = "/lib/ld-linux.so.2",
                     .hwcaps = {},
                     .platforms = {"i686", "i586", "i486", "i386"},
                     .legacy_always = {},
                     .legacy_some = {"sse2"}};
const LoaderAbi aarch64{.triplet = "aarch64-linux-gnu",
                        .lib = "lib64",
                        .interpreter = "/lib/ld-linux-aarch64.so.1",
                        .hwcaps = {},
                        .platforms = {"aarch64"},
                        .legacy_always = {},
                        .legacy_some = {"atomics"}};
const LoaderAbi arm_hard{.triplet = "arm-linux-gnueabihf",
                         .lib = "lib",
                         .interpreter = "/lib/ld-linux-armhf.so.3",
                         .hwcaps = {},
                         .platforms = {"v7l", "v6l", "v8l"},
                         .legacy_always = {},
                         .legacy_some = {"vfp", "neon"}};
const LoaderAbi arm_soft{.triplet = "arm-linux-gnueabi",
                         .lib = "lib",
                         .interpreter = "/lib/ld-linux.so.3",
                         .hwcaps = {},
                         .platforms = {"v5l", "v4l", "v6l", "v7l"}};
const LoaderAbi ppc64le{.triplet = "powerpc64le-linux-gnu",
                        .lib = "lib64",
                        .interpreter = "/lib64/ld64.so.2",
                        .hwcaps = {"power10", "power9"},
                        .platforms = {"power8", "power9", "power10"}};
const LoaderAbi ppc64{.triplet = "powerpc64-linux-gnu",
                      .lib = "lib64",
                      .interpreter = "/lib64/ld64.so.1",
                      .hwcaps = {},
                      .platforms = {"ppc64", "power7", "power8"}};
const LoaderAbi s390x{.triplet = "s390x-linux-gnu",
                      .lib = "lib64",
                      .interpreter = "/lib/ld64.so.1",
                      .hwcaps = {"z16", "z15", "z14", "z13"},
                      .platforms = {"z900", "z10", "z196", "zEC12", "z13", "z14", "z15", "z16"}};
const LoaderAbi riscv64{.triplet = "riscv64-linux-gnu",
                        .lib = "lib64",
                        .interpreter = "/lib/ld-linux-riscv64-lp64d.so.1",
                        .hwcaps = {},
                        .platforms = {}};
const LoaderAbi loongarch64{.triplet = "loongarch64-linux-gnu",
                            .lib = "lib64",
                            .interpreter = "/lib64/ld-linux-loongarch-lp64d.so.1",
                            .hwcaps = {},
                            .platforms = {"loongarch"}};
const LoaderAbi mips64el{.triplet = "mips64el-linux-gnuabi64",
                         .lib = "lib64",
                         .interpreter = "/lib64/ld.so.1",
                         .hwcaps = {},
                         .platforms = {"mips64r2"}};
const LoaderAbi mipsel{.triplet = "mipsel-linux-gnu",
                       .lib = "lib",
                       .interpreter = "/lib/ld.so.1",
                       .hwcaps = {},
                       .platforms = {"mips32r2"}};
const LoaderAbi unknown{.triplet = "", .lib = "lib", .interpreter = "", .hwcaps = {}, .platforms = {}};

/// The bits of e_flags that glibc compares before it maps a file.
std::uint32_t abi_flags(const ElfFacts& elf) {
  switch (elf.machine) {
    case e::EM_RISCV:
      return elf.flags & e::EF_RISCV_FLOAT_ABI;
    case e::EM_MIPS:
      return elf.flags & (e::EF_MIPS_ABI2 | e::EF_MIPS_NAN2008);
    default:
      return 0;
  }
}

}  // namespace

const LoaderAbi& loader_abi(const ElfFacts& elf) {
  const bool wide = elf.elf_class == 64;
  switch (elf.machine) {
    case e::EM_X86_64:
      return wide ? x86_64 : x32;
    case e::EM_386:
      return i386;
    case e::EM_AARCH64:
      return wide && elf.little_endian ? aarch64 : unknown;
    case e::EM_ARM:
      return (elf.flags & e::EF_ARM_ABI_FLOAT_SOFT) != 0 ? arm_soft : arm_hard;
    case e::EM_PPC64:
      return elf.little_endian ? ppc64le : ppc64;
    case e::EM_S390:
      return wide ? s390x : unknown;
    case e::EM_RISCV:
      return wide ? riscv64 : unknown;
    case e::EM_LOONGARCH:
      return wide ? loongarch64 : unknown;
    case e::EM_MIPS:
      if (!elf.little_endian) return unknown;
      return wide ? mips64el : mipsel;
    default:
      return unknown;
  }
}

std::vector<std::string_view> processor_levels() {
  std::vector<std::string_view> levels;
  for (const LoaderAbi* abi : {&x86_64, &ppc64le, &s390x})
    levels.insert(levels.end(), abi->hwcaps.rbegin(), abi->hwcaps.rend());
  return levels;
}

bool same_abi(const ElfFacts& one, const ElfFacts& other) {
  return one.elf_class == other.elf_class && one.little_endian == other.little_endian &&
         one.machine == other.machine && abi_flags(one) == abi_flags(other);
}

}  // namespace slim
