// Two independent makers of ELF files: yaml2obj of LLVM, and the small builder of elf_fixture.h.
#include "analyzer/elf.h"

#include <cstddef>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <ios>
#include <iterator>
#include <optional>
#include <random>
#include <string>
#include <unistd.h>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "analyzer/built_modules.h"
#include "analyzer/digest.h"
#include "tests/analyzer/build_info_fixture.h"
#include "tests/analyzer/elf_fixture.h"

namespace slim {
namespace {

namespace fs = std::filesystem;
using test::bytes_of;
using test::ElfSpec;
using test::make_elf;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

ElfFacts parse(const std::string& file) {
  auto facts = parse_elf(bytes_of(file));
  EXPECT_TRUE(facts.has_value()) << facts.error();
  return facts ? *facts : ElfFacts{};
}

ElfSpec rich() {
  return {.interpreter = "/lib/ld.so.1",
          .soname = "libself.so.1",
          .needed = {"libb.so.2", "liba.so.1"},
          .rpath = "/r:$ORIGIN",
          .runpath = "/run",
          .filter = "libfilter.so",
          .auxiliary = "libaux.so",
          .flags_1 = 0x800,
          .imports = {"popen", "iconv_open", "popen"},
          .rodata = std::string("config in /etc/self.conf\0libplugin.so.3\0", 40),
          .dlopen_json = R"([{"soname":["libopt.so.1"],"priority":"suggested"}])"};
}

TEST(Elf, AllFourLayoutsAreReadAlike) {
  for (const bool wide : {false, true}) {
    for (const bool big_endian : {false, true}) {
      ElfSpec spec = rich();
      spec.wide = wide;
      spec.big_endian = big_endian;
      spec.machine = 8;
      const ElfFacts facts = parse(make_elf(spec));
      SCOPED_TRACE(testing::Message() << wide << big_endian);
      EXPECT_THAT(facts.problems, IsEmpty());
      EXPECT_EQ(facts.elf_class, wide ? 64 : 32);
      EXPECT_EQ(facts.little_endian, !big_endian);
      EXPECT_EQ(facts.machine, 8);
      EXPECT_EQ(facts.type, ElfType::shared);
      EXPECT_TRUE(facts.dynamic);
      EXPECT_EQ(facts.interpreter, "/lib/ld.so.1");
      EXPECT_EQ(facts.soname, "libself.so.1");
      EXPECT_THAT(facts.needed, ElementsAre("libb.so.2", "liba.so.1"));
      EXPECT_EQ(facts.rpath, "/r:$ORIGIN");
      EXPECT_EQ(facts.runpath, "/run");
      EXPECT_TRUE(facts.has_runpath);
      EXPECT_THAT(facts.filters, ElementsAre("libfilter.so"));
      EXPECT_THAT(facts.auxiliaries, ElementsAre("libaux.so"));
      EXPECT_EQ(facts.flags_1, 0x800U);
      EXPECT_THAT(facts.imports, ElementsAre("iconv_open", "popen"));
      EXPECT_THAT(facts.absolute_paths, Contains("/etc/self.conf"));
      EXPECT_THAT(facts.library_names, ElementsAre("libplugin.so.3"))
          << "names of the dynamic segment do not count";
      ASSERT_EQ(facts.dlopen_notes.size(), 1U);
      EXPECT_THAT(facts.dlopen_notes[0].sonames, ElementsAre("libopt.so.1"));
    }
  }
}

TEST(Elf, WhatIsNoElfFileIsRefused) {
  EXPECT_EQ(parse_elf({}).error(), "no ELF file");
  EXPECT_EQ(parse_elf(bytes_of("#!/bin/sh\n")).error(), "no ELF file");
  EXPECT_THAT(parse_elf(bytes_of("\x7f"
                                 "ELF\2\1\1"))
                  .error(),
              HasSubstr("ELF header"));
  EXPECT_THAT(parse_elf(bytes_of("\x7f"
                                 "ELF\3\1\1 and more of it"))
                  .error(),
              HasSubstr("class"));
  EXPECT_THAT(parse_elf(bytes_of("\x7f"
                                 "ELF\2\3\1 and more of it"))
                  .error(),
              HasSubstr("byte order"));
}

TEST(Elf, EveryTruncationIsSurvived) {
  const std::string whole = make_elf(rich());
  std::size_t damaged = 0;
  for (std::size_t size = 0; size < whole.size(); ++size) {
    const auto facts = parse_elf(bytes_of(whole.substr(0, size)));
    damaged += !facts || !facts->problems.empty() ? 1U : 0U;
  }
  EXPECT_GT(damaged, whole.size() / 2) << "what is cut off is said";
}

TEST(Elf, RandomDamageIsSurvived) {
  std::mt19937 random(7);  // NOLINT(bugprone-random-generator-seed): the same damage in every run
  std::size_t read = 0;
  for (int round = 0; round < 4000; ++round) {
    ElfSpec spec = rich();
    spec.wide = (round & 1) != 0;
    spec.big_endian = (round & 2) != 0;
    std::string file = make_elf(spec);
    for (int change = 0; change < 4; ++change) {
      const std::size_t range = (round & 4) != 0 ? file.size() : 400;
      file[4 + random() % (range - 4)] = static_cast<char>((round & 8) != 0 ? 0xff : random());
    }
    read += parse_elf(bytes_of(file)).has_value() ? 1U : 0U;
  }
  EXPECT_GT(read, 1000U);
}

TEST(Elf, AskingForManyNamesIsBounded) {
  ElfSpec spec;
  spec.needed.assign(5000, "liba.so");
  const ElfFacts facts = parse(make_elf(spec));
  EXPECT_EQ(facts.needed.size(), 4096U);
  EXPECT_THAT(facts.problems, ElementsAre(HasSubstr("more than 4096")));
}

/// The file that yaml2obj makes of `yaml`; nothing where that program is missing.
std::optional<std::string> from_yaml(const std::string& yaml) {
  const std::string tool = SLIM_YAML2OBJ;
  if (tool.empty() || access(tool.c_str(), X_OK) != 0) return std::nullopt;
  std::string folder = (fs::temp_directory_path() / "slim-elf-XXXXXX").string();
  if (mkdtemp(folder.data()) == nullptr) return std::nullopt;
  std::ofstream(folder + "/in.yaml") << yaml;
  const std::string command = "'" + tool + "' '" + folder + "/in.yaml' -o '" + folder + "/out'";
  const int status =
      std::system(command.c_str());  // NOLINT(bugprone-command-processor,cert-env33-c): both names are ours
  std::ifstream in(folder + "/out", std::ios::binary);
  std::string file{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
  fs::remove_all(folder);
  EXPECT_EQ(status, 0) << "yaml2obj does not take the fixture";
  return file;
}

constexpr const char* no_yaml2obj = "yaml2obj is not installed (package llvm-19)";

constexpr const char* library_yaml = R"(--- !ELF
FileHeader: { Class: ELFCLASS64, Data: ELFDATA2LSB, Type: ET_DYN, Machine: EM_AARCH64 }
ProgramHeaders:
  - { Type: PT_LOAD, Flags: [ PF_R ], VAddr: 0x1000, FirstSec: .dynsym, LastSec: .dynamic }
  - { Type: PT_DYNAMIC, Flags: [ PF_R ], FirstSec: .dynamic, LastSec: .dynamic }
Sections:
  - { Name: .dynsym, Type: SHT_DYNSYM, Flags: [ SHF_ALLOC ], Address: 0x1000, Offset: 0x1000 }
  - { Name: .dynstr, Type: SHT_STRTAB, Flags: [ SHF_ALLOC ], Address: 0x2000, Offset: 0x2000, Content: "006c6962612e736f0073656c662e736f00696d706f727465640000" }
  - { Name: .rodata, Type: SHT_PROGBITS, Flags: [ SHF_ALLOC ], Address: 0x3000, Offset: 0x3000, Content: "2f6574632f6100" }
  - Name: .dynamic
    Type: SHT_DYNAMIC
    Flags: [ SHF_ALLOC ]
    Address: 0x4000
    Offset: 0x4000
    Entries:
      - { Tag: DT_NEEDED, Value: 1 }
      - { Tag: DT_SONAME, Value: 9 }
      - { Tag: DT_STRTAB, Value: 0x2000 }
      - { Tag: DT_STRSZ, Value: 26 }
      - { Tag: DT_SYMTAB, Value: 0x1000 }
      - { Tag: DT_NULL, Value: 0 }
  - { Name: .comment, Type: SHT_PROGBITS, Content: "2f6574632f6200" }
DynamicSymbols:
  - { StName: 17, Binding: STB_GLOBAL }
)";

TEST(Elf, AForeignMakersLibraryIsRead) {
  const auto file = from_yaml(library_yaml);
  if (!file) GTEST_SKIP() << no_yaml2obj;
  const ElfFacts facts = parse(*file);
  EXPECT_THAT(facts.problems, IsEmpty());
  EXPECT_EQ(facts.machine, 183);
  EXPECT_THAT(facts.needed, ElementsAre("liba.so"));
  EXPECT_EQ(facts.soname, "self.so");
  EXPECT_THAT(facts.imports, ElementsAre("imported"));
  EXPECT_THAT(facts.absolute_paths, ElementsAre("/etc/a")) << "only what is loaded is read";
}

std::string as_hex(const std::string& bytes) {
  return to_hex(bytes_of(bytes));
}

TEST(Elf, TheSectionsOfGoAndRustSayWhatAProgramIsBuiltOf) {
  const std::string go = test::go_build_info("go1.22.1", "mod\texample.com/x\tv1.0.0\n");
  const std::string rust =
      test::stored_by_zlib(R"({"packages":[{"name":"serde","version":"1","source":"registry"}]})");
  const std::string start =
      "--- !ELF\nFileHeader: { Class: ELFCLASS64, Data: ELFDATA2LSB, Type: ET_EXEC, "
      "Machine: EM_X86_64 }\n";
  const auto of_go = from_yaml(
      start +
      "ProgramHeaders:\n  - { Type: PT_LOAD, Flags: [ PF_R, PF_W ], VAddr: 0x4000, FirstSec: .go.buildinfo, "
      "LastSec: .go.buildinfo }\nSections:\n  - { Name: .go.buildinfo, Type: SHT_PROGBITS, Flags: [ "
      "SHF_ALLOC, "
      "SHF_WRITE ], Address: 0x4000, Offset: 0x1000, Content: \"" +
      as_hex(go) + "\" }\n");
  const auto of_rust = from_yaml(start + "Sections:\n  - { Name: .dep-v0, Type: SHT_PROGBITS, Content: \"" +
                                 as_hex(rust) + "\" }\n");
  const auto broken = from_yaml(start + "Sections:\n  - { Name: .dep-v0, Type: SHT_PROGBITS, Content: \"" +
                                as_hex("broken") + "\" }\n");
  if (!of_go || !of_rust || !broken) GTEST_SKIP() << no_yaml2obj;
  EXPECT_EQ(parse(*of_go).built,
            (BuiltModules{.language = BuildLanguage::go,
                          .toolchain = "go1.22.1",
                          .modules = {{.name = "example.com/x", .version = "v1.0.0", .main = true}}}));
  EXPECT_EQ(parse(*of_rust).built, (BuiltModules{.language = BuildLanguage::rust,
                                                 .toolchain = {},
                                                 .modules = {{.name = "serde", .version = "1"}}}));
  EXPECT_EQ(parse(*broken).built, BuiltModules());
  EXPECT_THAT(parse(*broken).problems, ElementsAre(HasSubstr(".dep-v0")));
}

TEST(Elf, ASeparateDebugFileSaysNothing) {
  std::string yaml = library_yaml;
  const std::string content = R"(, Content: "2f6574632f6100")";
  yaml.replace(yaml.find(content), content.size(), "");
  const std::string rodata = "Name: .rodata, Type: SHT_PROGBITS, Flags: [ SHF_ALLOC ]";
  yaml.replace(yaml.find(rodata), rodata.size(),
               "Name: .text, Type: SHT_NOBITS, Size: 16, Flags: [ SHF_ALLOC, SHF_EXECINSTR ]");
  const auto file = from_yaml(yaml);
  if (!file) GTEST_SKIP() << no_yaml2obj;
  const ElfFacts facts = parse(*file);
  EXPECT_TRUE(facts.debug_only);
  EXPECT_THAT(facts.needed, IsEmpty());
  EXPECT_THAT(facts.absolute_paths, IsEmpty());
  EXPECT_THAT(facts.problems, IsEmpty());
}

TEST(Elf, TheLoaderTellsItsVersion) {
  ElfSpec spec{.soname = "ld-linux-x86-64.so.2"};
  spec.rodata = std::string("ld.so (Debian GLIBC 2.36-9) stable release version 2.36.\n\0", 58);
  EXPECT_EQ(parse(make_elf(spec)).glibc_minor, 36);
  spec.soname = "libc.so.6";
  EXPECT_EQ(parse(make_elf(spec)).glibc_minor, 0) << "it is asked of the loader alone";
}

TEST(Elf, APackedProgramIsAProblem) {
  std::string file = make_elf({.type = 2, .rodata = "UPX!"});
  file[56] = 1;  // e_phnum: only what is mapped, no dynamic segment
  EXPECT_THAT(parse(file).problems, ElementsAre(HasSubstr("packed with UPX")));
  EXPECT_THAT(parse(make_elf({.rodata = "UPX!"})).problems, IsEmpty()) << "its needs can be read";
}

TEST(Elf, RelocatableAndCoreFilesHaveATypeAndNoMore) {
  ElfSpec spec = rich();
  spec.type = 1;
  EXPECT_EQ(parse(make_elf(spec)).type, ElfType::relocatable);
  EXPECT_THAT(parse(make_elf(spec)).needed, IsEmpty());
  spec.type = 4;
  EXPECT_EQ(parse(make_elf(spec)).type, ElfType::core);
  EXPECT_THAT(parse(make_elf(spec)).absolute_paths, IsEmpty());
}

}  // namespace
}  // namespace slim
