#include "analyzer/loader.h"

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "analyzer/elf.h"
#include "analyzer/file_tree.h"
#include "analyzer/layer_index.h"
#include "tests/analyzer/elf_fixture.h"
#include "tests/analyzer/ld_cache_fixture.h"

namespace slim {
namespace {

using test::ElfSpec;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr const char* glibc_loader = "/lib64/ld-linux-x86-64.so.2";
constexpr const char* musl_loader = "/lib/ld-musl-x86_64.so.1";

/// An image of a few files.
class LoaderTest : public testing::Test {
 protected:
  LayerEntry& put(const std::string& path, const ElfSpec& spec) {
    auto facts = std::make_shared<FileFacts>();
    auto elf = parse_elf(test::bytes_of(test::make_elf(spec)));
    EXPECT_TRUE(elf.has_value()) << path;
    EXPECT_THAT(elf->problems, IsEmpty()) << path;
    facts->elf = std::make_unique<const ElfFacts>(std::move(*elf));
    return add(path, std::move(facts));
  }
  LayerEntry& put_text(const std::string& path, std::string text) {
    auto facts = std::make_shared<FileFacts>();
    facts->text = std::move(text);
    return add(path, std::move(facts));
  }
  void link(const std::string& path, const std::string& target) {
    LayerEntry& entry = add(path, nullptr);
    entry.type = EntryType::symlink;
    entry.link = target;
  }
  LoadResult load(const std::string& path, const LoaderEnvironment& environment = {}) {
    squash();
    return Loader(tree_, environment).load(tree_.resolve(path).node);
  }
  LoadResult dlopen(const std::string& name, const std::string& caller, const std::string& program) {
    squash();
    return Loader(tree_, {}).dlopen(name, tree_.resolve(caller).node, tree_.resolve(program).node);
  }
  void squash() { tree_ = FileTree::squash(layers_); }

  static std::vector<std::string> paths(const std::vector<LoadedLibrary>& libraries) {
    std::vector<std::string> result;
    result.reserve(libraries.size());
    for (const auto& library : libraries) result.push_back(library.path);
    return result;
  }
  static std::vector<std::string> names(const std::vector<MissingLibrary>& missing) {
    std::vector<std::string> result;
    result.reserve(missing.size());
    for (const auto& library : missing) result.push_back(library.name);
    return result;
  }

  std::vector<LayerIndex> layers_ = std::vector<LayerIndex>(1);
  FileTree tree_;

 private:
  LayerEntry& add(const std::string& path, std::shared_ptr<const FileFacts> facts) {
    LayerEntry entry;
    entry.path = path.substr(1);
    entry.mode = 0755;
    entry.facts = std::move(facts);
    layers_.front().entries.push_back(std::move(entry));
    return layers_.front().entries.back();
  }
};

ElfSpec program(std::vector<std::string> needed, const char* interpreter = glibc_loader) {
  return {.interpreter = interpreter, .needed = std::move(needed), .flags_1 = 0x08000000};
}
ElfSpec library(std::string soname, std::vector<std::string> needed = {}) {
  return {.soname = std::move(soname), .needed = std::move(needed)};
}

class GlibcLoader : public LoaderTest {
 protected:
  void SetUp() override {
    link("/lib", "usr/lib");
    link("/lib64", "usr/lib64");
    link("/usr/lib64/ld-linux-x86-64.so.2", "../lib/x86_64-linux-gnu/ld-linux-x86-64.so.2");
    ElfSpec loader = library("ld-linux-x86-64.so.2");
    loader.rodata = std::string("/lib/x86_64-linux-gnu/\0/usr/lib/x86_64-linux-gnu/\0/lib/\0/usr/lib/\0", 66);
    put("/usr/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2", loader);
    put("/usr/lib/x86_64-linux-gnu/libc.so.6", library("libc.so.6", {"ld-linux-x86-64.so.2"}));
  }
};

TEST_F(GlibcLoader, DefaultFoldersAreThoseThatTheLoaderWasBuiltWith) {
  put("/bin/program", program({"libc.so.6", "liba.so"}));
  put("/usr/lib64/liba.so", library("liba.so"));
  const LoadResult result = load("/bin/program");
  EXPECT_THAT(paths(result.libraries), ElementsAre("/lib/x86_64-linux-gnu/libc.so.6", glibc_loader));
  EXPECT_EQ(result.libraries[0].found_by, FoundBy::default_folder);
  EXPECT_EQ(result.libraries[0].detail, "/lib/x86_64-linux-gnu");
  EXPECT_EQ(result.libraries[1].found_by, FoundBy::already_loaded);
  EXPECT_EQ(result.libraries[1].needed_by, 0U);
  ASSERT_THAT(names(result.missing), ElementsAre("liba.so"));
  EXPECT_THAT(result.missing[0].tried,
              ElementsAre("/etc/ld.so.cache", "/lib/x86_64-linux-gnu/liba.so",
                          "/usr/lib/x86_64-linux-gnu/liba.so", "/lib/liba.so", "/usr/lib/liba.so"));
  EXPECT_EQ(result.missing[0].needed_by, "/bin/program");
}

TEST_F(GlibcLoader, EverySymlinkOnTheWayIsReported) {
  put("/bin/program", program({"liba.so.1"}));
  link("/usr/lib/liba.so.1", "liba.so.1.2");
  put("/usr/lib/liba.so.1.2", library("liba.so.1"));
  const LoadResult result = load("/bin/program");
  ASSERT_EQ(result.libraries.size(), 1U);
  EXPECT_EQ(tree_.path(result.libraries[0].node), "/usr/lib/liba.so.1.2");
  std::vector<std::string> links;
  for (const NodeId id : result.libraries[0].symlinks) links.push_back(tree_.path(id));
  EXPECT_THAT(links, ElementsAre("/lib", "/usr/lib/liba.so.1"));
  EXPECT_EQ(result.interpreter, glibc_loader);
  EXPECT_EQ(tree_.path(result.interpreter_node), "/usr/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2");
  EXPECT_EQ(result.interpreter_symlinks.size(), 2U);
}

TEST_F(GlibcLoader, TheCacheComesBeforeDefaultFoldersAndIsFilteredByAbi) {
  put("/bin/program", program({"liba.so"}));
  put("/opt/liba.so", library("liba.so"));
  put("/opt32/liba.so", library("liba.so"));
  put("/usr/lib/liba.so", library("liba.so"));
  put_text("/etc/ld.so.cache",
           test::make_ld_cache({{.flags = 0x0003, .name = "liba.so", .path = "/opt32/liba.so"},
                                {.flags = 0x0303, .name = "liba.so", .path = "/opt/liba.so"}}));
  const LoadResult result = load("/bin/program");
  EXPECT_THAT(paths(result.libraries), ElementsAre("/opt/liba.so"));
  EXPECT_EQ(result.libraries[0].found_by, FoundBy::cache);
}

TEST_F(GlibcLoader, AStaleCacheEntryFallsThroughToDefaultFolders) {
  put("/bin/program", program({"liba.so"}));
  put("/usr/lib/liba.so", library("liba.so"));
  put_text("/etc/ld.so.cache",
           test::make_ld_cache({{.flags = 0x0303, .name = "liba.so", .path = "/gone/liba.so"}}));
  EXPECT_THAT(paths(load("/bin/program").libraries), ElementsAre("/lib/liba.so"));
}

TEST_F(GlibcLoader, WithoutTheCacheFoldersOfTheConfigurationAreOnlyAHint) {
  put("/bin/program", program({"liba.so"}));
  put("/opt/lib/liba.so", library("liba.so"));
  put_text("/etc/ld.so.conf", "/opt/lib\n");
  const LoadResult result = load("/bin/program");
  ASSERT_THAT(names(result.missing), ElementsAre("liba.so"));
  EXPECT_THAT(result.missing[0].hint, HasSubstr("/opt/lib/liba.so"));
}

TEST_F(GlibcLoader, NoDefaultLibrariesTurnsOffSystemFoldersInTheCacheToo) {
  ElfSpec spec = program({"liba.so", "libb.so"});
  spec.flags_1 |= 0x800;
  put("/bin/program", spec);
  put("/usr/lib/liba.so", library("liba.so"));
  put("/opt/libb.so", library("libb.so"));
  put_text("/etc/ld.so.cache",
           test::make_ld_cache({{.flags = 0x0303, .name = "liba.so", .path = "/lib/liba.so"},
                                {.flags = 0x0303, .name = "libb.so", .path = "/opt/libb.so"}}));
  const LoadResult result = load("/bin/program");
  EXPECT_THAT(paths(result.libraries), ElementsAre("/opt/libb.so"));
  EXPECT_THAT(names(result.missing), ElementsAre("liba.so"));
}

TEST_F(GlibcLoader, BetterProcessorsAreVariantsWithTheirOwnNeeds) {
  ElfSpec spec = program({"liba.so"});
  spec.runpath = "/opt";
  put("/bin/program", spec);
  put("/opt/liba.so", library("liba.so"));
  ElfSpec fast = library("liba.so", {"libfast.so"});
  fast.runpath = "/opt";
  put("/opt/glibc-hwcaps/x86-64-v3/liba.so", fast);
  put("/opt/libfast.so", library("libfast.so"));
  const LoadResult result = load("/bin/program");
  EXPECT_THAT(paths(result.libraries), ElementsAre("/opt/liba.so"));
  EXPECT_THAT(paths(result.variants), ElementsAre("/opt/glibc-hwcaps/x86-64-v3/liba.so", "/opt/libfast.so"));
}

TEST_F(GlibcLoader, BetterProcessorsInTheCacheAreVariants) {
  put("/bin/program", program({"liba.so"}));
  put("/opt/liba.so", library("liba.so"));
  put("/opt/glibc-hwcaps/x86-64-v2/liba.so", library("liba.so"));
  put_text("/etc/ld.so.cache",
           test::make_ld_cache({{.flags = 0x0303,
                                 .name = "liba.so",
                                 .path = "/opt/glibc-hwcaps/x86-64-v2/liba.so",
                                 .hwcap = 1ULL << 62U},
                                {.flags = 0x0303, .name = "liba.so", .path = "/opt/liba.so"}},
                               {"x86-64-v2"}));
  const LoadResult result = load("/bin/program");
  EXPECT_THAT(paths(result.libraries), ElementsAre("/opt/liba.so"));
  EXPECT_THAT(paths(result.variants), ElementsAre("/opt/glibc-hwcaps/x86-64-v2/liba.so"));
}

TEST_F(GlibcLoader, EveryPlatformIsAVariant) {
  ElfSpec spec = program({"liba.so"});
  spec.runpath = "/opt/$PLATFORM";
  put("/bin/program", spec);
  put("/opt/x86_64/liba.so", library("liba.so"));
  put("/opt/haswell/liba.so", library("liba.so"));
  const LoadResult result = load("/bin/program");
  EXPECT_THAT(paths(result.libraries), ElementsAre("/opt/x86_64/liba.so"));
  EXPECT_THAT(paths(result.variants), ElementsAre("/opt/haswell/liba.so"));
}

TEST_F(GlibcLoader, SetuidProgramsIgnoreTheEnvironment) {
  ElfSpec spec = program({"liba.so"});
  spec.runpath = "$ORIGIN";
  put("/opt/program", spec).mode = 04755;
  put("/opt/liba.so", library("liba.so"));
  put("/env/liba.so", library("liba.so"));
  put("/usr/lib/libp.so", library("libp.so"));
  const LoadResult result = load("/opt/program", {.library_path = "/env", .preload = "libp.so"});
  EXPECT_THAT(result.libraries, IsEmpty())
      << "neither LD_LIBRARY_PATH nor an $ORIGIN outside of system folders";
  EXPECT_THAT(names(result.missing), ElementsAre("liba.so"));
}

TEST_F(GlibcLoader, FileCapabilitiesCountAsSetuid) {
  LayerEntry& entry = put("/opt/program", program({"liba.so"}));
  entry.xattrs.push_back({.name = "security.capability", .value = "x"});
  put("/env/liba.so", library("liba.so"));
  EXPECT_THAT(names(load("/opt/program", {.library_path = "/env", .preload = {}}).missing),
              ElementsAre("liba.so"));
}

TEST_F(GlibcLoader, ASetuidProgramTakesASetuidPreloadFromSystemFolders) {
  put("/opt/program", program({})).mode = 04755;
  put("/usr/lib/libp.so", library("libp.so")).mode = 04755;
  put("/usr/lib/libq.so", library("libq.so"));
  EXPECT_THAT(paths(load("/opt/program", {.library_path = {}, .preload = "libp.so:libq.so:/usr/lib/libq.so"})
                        .libraries),
              ElementsAre("/lib/libp.so"));
}

TEST_F(GlibcLoader, ThePreloadFileHoldsForAllPrograms) {
  put("/opt/program", program({"liba.so"})).mode = 04755;
  put("/usr/lib/liba.so", library("liba.so"));
  put("/usr/lib/libp.so", library("libp.so"));
  put_text("/etc/ld.so.preload", "# comment libq.so\n/usr/lib/libp.so\n");
  const LoadResult result = load("/opt/program");
  EXPECT_THAT(paths(result.libraries), ElementsAre("/usr/lib/libp.so", "/lib/liba.so"));
  EXPECT_EQ(result.libraries[0].found_by, FoundBy::preload);
}

TEST_F(GlibcLoader, TheLoaderStopsAtAFileThatIsNoLibrary) {
  ElfSpec spec = program({"liba.so"});
  spec.runpath = "/bad:/good";
  put("/bin/program", spec);
  put_text("/bad/liba.so", "INPUT(liba.so.1)");
  put("/good/liba.so", library("liba.so"));
  const LoadResult result = load("/bin/program");
  ASSERT_THAT(names(result.missing), ElementsAre("liba.so"));
  EXPECT_THAT(result.missing[0].tried, ElementsAre(HasSubstr("/bad/liba.so (no shared library")));
}

TEST_F(GlibcLoader, StaticProgramsAndOtherFilesLoadNothing) {
  put("/static-pie", {.flags_1 = 0x08000000});
  put("/static", {.type = 2});
  put("/object.o", {.type = 1, .needed = {"liba.so"}});
  put("/core", {.type = 4, .needed = {"liba.so"}});
  put_text("/script", "#!/bin/sh");
  EXPECT_TRUE(load("/static-pie").is_static);
  EXPECT_TRUE(load("/static").is_static);
  for (const char* path : {"/static-pie", "/static", "/object.o", "/core", "/script"}) {
    const LoadResult result = load(path);
    EXPECT_THAT(result.libraries, IsEmpty()) << path;
    EXPECT_THAT(result.missing, IsEmpty()) << path;
  }
}

TEST_F(GlibcLoader, AMissingInterpreterIsNoNode) {
  put("/bin/program", program({"libc.so.6"}, "/lib/ld-gone.so.9"));
  const LoadResult result = load("/bin/program");
  EXPECT_EQ(result.interpreter, "/lib/ld-gone.so.9");
  EXPECT_EQ(result.interpreter_node, no_node);
  EXPECT_THAT(paths(result.libraries), Contains("/lib/x86_64-linux-gnu/libc.so.6"));
}

TEST_F(GlibcLoader, DlopenSearchesForItsCallerAndThenForTheProgram) {
  ElfSpec spec = program({"liba.so"});
  spec.rpath = "/opt/program";
  put("/bin/program", spec);
  ElfSpec a = library("liba.so");
  a.runpath = "/opt/caller";
  put("/opt/program/liba.so", a);
  put("/opt/caller/plugin.so", library("plugin.so", {"libdeep.so", "liba.so"}));
  put("/opt/program/libdeep.so", library("libdeep.so"));
  put("/opt/program/own.so", library("own.so"));
  EXPECT_THAT(paths(dlopen("plugin.so", "/opt/program/liba.so", "/bin/program").libraries),
              ElementsAre("/opt/caller/plugin.so", "/opt/program/libdeep.so"));
  const LoadResult own = dlopen("own.so", "/opt/program/liba.so", "/bin/program");
  EXPECT_THAT(names(own.missing), ElementsAre("own.so"))
      << "a caller with RUNPATH does not get the program's RPATH";
  EXPECT_THAT(paths(dlopen("own.so", "/bin/program", "/bin/program").libraries),
              ElementsAre("/opt/program/own.so"));
}

TEST_F(GlibcLoader, DlopenOfWhatIsThereSaysSo) {
  put("/bin/program", program({"libc.so.6"}));
  const LoadResult result = dlopen("libc.so.6", "/bin/program", "/bin/program");
  ASSERT_THAT(paths(result.libraries), ElementsAre("/lib/x86_64-linux-gnu/libc.so.6"));
  EXPECT_EQ(result.libraries[0].found_by, FoundBy::already_loaded);
}

TEST_F(GlibcLoader, OtherArchitecturesHaveTheirOwnFolders) {
  ElfSpec spec = program({"liba.so"}, "/lib/ld-linux-aarch64.so.1");
  spec.machine = 183;
  put("/bin/program", spec);
  put("/usr/lib/liba.so", library("liba.so"));
  ElfSpec arm = library("liba.so");
  arm.machine = 183;
  put("/usr/lib/aarch64-linux-gnu/liba.so", arm);
  const LoadResult result = load("/bin/program");
  EXPECT_THAT(paths(result.libraries), ElementsAre("/lib/aarch64-linux-gnu/liba.so"));
}

TEST_F(GlibcLoader, ALibraryOfTheOtherByteOrderEndsTheSearch) {
  ElfSpec spec = program({"liba.so"}, "/lib/ld64.so.1");
  spec.machine = 22;
  spec.big_endian = true;
  spec.runpath = "/little:/big";
  put("/bin/program", spec);
  ElfSpec little = library("liba.so");
  little.machine = 22;
  put("/little/liba.so", little);
  ElfSpec big = little;
  big.big_endian = true;
  put("/big/liba.so", big);
  EXPECT_THAT(names(load("/bin/program").missing), ElementsAre("liba.so"));
  spec.runpath = "/big:/little";
  put("/bin/other", spec);
  EXPECT_THAT(paths(load("/bin/other").libraries), ElementsAre("/big/liba.so"));
}

TEST_F(GlibcLoader, LibrariesThatNeedEachOtherEnd) {
  put("/bin/program", program({"liba.so"}));
  put("/usr/lib/liba.so", library("liba.so", {"libb.so", "liba.so"}));
  put("/usr/lib/libb.so", library("libb.so", {"liba.so"}));
  EXPECT_THAT(paths(load("/bin/program").libraries), ElementsAre("/lib/liba.so", "/lib/libb.so"));
}

TEST_F(GlibcLoader, OneProcessorGetsOneAnswer) {
  ElfSpec spec = program({"liba.so"});
  spec.runpath = "/opt";
  put("/bin/program", spec);
  for (const char* folder : {"/opt", "/opt/glibc-hwcaps/x86-64-v2", "/opt/glibc-hwcaps/x86-64-v4"})
    put(std::string(folder) + "/liba.so", library("liba.so"));
  squash();
  const Loader loader(tree_, {});
  const auto on = [&](const char* level) {
    return loader.load_on(tree_.resolve("/bin/program").node, level);
  };
  EXPECT_THAT(paths(on("").libraries), ElementsAre("/opt/liba.so"));
  EXPECT_THAT(paths(on("x86-64-v3").libraries), ElementsAre("/opt/glibc-hwcaps/x86-64-v2/liba.so"));
  EXPECT_THAT(paths(on("x86-64-v4").libraries), ElementsAre("/opt/glibc-hwcaps/x86-64-v4/liba.so"));
  EXPECT_THAT(paths(on("power9").libraries), ElementsAre("/opt/liba.so")) << "of another architecture";
  EXPECT_THAT(on("x86-64-v4").variants, IsEmpty());
}

TEST_F(GlibcLoader, AuditorsAreLoadedApartFromTheProgram) {
  ElfSpec spec = program({"libx.so"});
  spec.audit = "liba.so:libgone.so";
  spec.rpath = "/opt";
  put("/bin/program", spec);
  put("/opt/libx.so", library("libx.so"));
  put("/opt/liba.so", library("liba.so", {"libx.so", "libb.so"}));
  put("/opt/libb.so", library("libb.so"));
  put("/env/libe.so", library("libe.so"));
  const LoadResult result = load("/bin/program", {.audit = "/env/libe.so"});
  EXPECT_THAT(paths(result.libraries), ElementsAre("/opt/libx.so"));
  EXPECT_THAT(paths(result.audit),
              ElementsAre("/env/libe.so", "/opt/liba.so", "/opt/libx.so", "/opt/libb.so"));
  EXPECT_THAT(result.missing, IsEmpty()) << "the loader goes on without an auditor";
}

TEST_F(GlibcLoader, AMissingFilterIsMissedAndAMissingAuxiliaryIsNot) {
  ElfSpec spec = program({});
  spec.filter = "libf.so";
  spec.auxiliary = "libx.so";
  put("/bin/program", spec);
  EXPECT_THAT(names(load("/bin/program").missing), ElementsAre("libf.so"));
}

TEST_F(GlibcLoader, RelativeFoldersStartAtTheWorkingFolder) {
  put("/bin/program", program({"liba.so", "libb.so"}));
  put("/srv/liba.so", library("liba.so"));
  ElfSpec b = library("libb.so", {"libc1.so"});
  b.runpath = "$ORIGIN/below";
  put("/srv/own/libb.so", b);
  put("/srv/own/below/libc1.so", library("libc1.so"));
  squash();
  const Loader loader(tree_, {.library_path = ":own", .working_folder = tree_.find("/srv")});
  const LoadResult result = loader.load(tree_.resolve("/bin/program").node);
  EXPECT_THAT(paths(result.libraries), ElementsAre("liba.so", "own/libb.so", "/srv/own/below/libc1.so"));
}

TEST_F(GlibcLoader, OldLoadersSearchFoldersOfProcessorFeatures) {
  ElfSpec spec = program({"liba.so", "libb.so", "libc1.so"});
  spec.runpath = "/opt";
  put("/bin/program", spec);
  for (const char* file : {"/opt/liba.so", "/opt/x86_64/liba.so", "/opt/tls/x86_64/liba.so", "/opt/libb.so",
                           "/opt/haswell/libb.so", "/opt/haswell/avx512_1/libc1.so", "/opt/libc1.so"})
    put(file, library(std::string(file).substr(std::string(file).rfind('/') + 1)));
  const LoadResult old = load("/bin/program");
  EXPECT_THAT(paths(old.libraries), ElementsAre("/opt/tls/x86_64/liba.so", "/opt/libb.so", "/opt/libc1.so"));
  EXPECT_THAT(paths(old.variants), ElementsAre("/opt/haswell/libb.so", "/opt/haswell/avx512_1/libc1.so"));

  ElfSpec loader = library("ld-linux-x86-64.so.2");
  loader.rodata = std::string("ld.so (GNU libc) stable release version 2.37.\n\0", 47);
  put("/usr/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2", loader);
  const LoadResult later = load("/bin/program");
  EXPECT_THAT(paths(later.libraries), ElementsAre("/opt/liba.so", "/opt/libb.so", "/opt/libc1.so"));
  EXPECT_THAT(later.variants, IsEmpty());
}

TEST_F(GlibcLoader, WhatASetuidProgramsOwnerGetsIsAVariant) {
  put("/bin/program", program({"liba.so"})).mode = 04755;
  put("/usr/lib/liba.so", library("liba.so"));
  put("/env/liba.so", library("liba.so"));
  const LoadResult result = load("/bin/program", {.library_path = "/env"});
  EXPECT_THAT(paths(result.libraries), ElementsAre("/lib/liba.so"));
  EXPECT_THAT(paths(result.variants), ElementsAre("/env/liba.so"));
}

TEST_F(GlibcLoader, TokensInNeedsOfASetuidProgramAreRefused) {
  put("/opt/program", program({"$ORIGIN/liba.so"})).mode = 04755;
  put("/opt/liba.so", library("liba.so"));
  const LoadResult result = load("/opt/program");
  ASSERT_THAT(names(result.missing), ElementsAre("$ORIGIN/liba.so"));
  EXPECT_THAT(result.missing[0].tried, ElementsAre(HasSubstr("not allowed in a setuid program")));
}

TEST_F(GlibcLoader, AnUnreadableCacheIsADiagnostic) {
  put("/bin/program", program({"libc.so.6"}));
  put_text("/etc/ld.so.cache", "no cache");
  squash();
  const Loader loader(tree_, {});
  ASSERT_EQ(loader.diagnostics().size(), 1U);
  EXPECT_EQ(loader.diagnostics()[0].path, "/etc/ld.so.cache");
  EXPECT_THAT(loader.diagnostics()[0].message, HasSubstr("expected \"glibc-ld.so.cache1.1\""));
  EXPECT_THAT(loader.load(tree_.resolve("/bin/program").node).missing, IsEmpty());
}

TEST_F(GlibcLoader, ASecondCommentInThePreloadFileMayBeTakenForNames) {
  put("/bin/program", program({}));
  put_text("/etc/ld.so.preload", "# a longer comment\nliba.so # two\n");
  for (const char* name : {"liba.so", "#", "two"}) put(std::string("/usr/lib/") + name, library(name));
  EXPECT_THAT(paths(load("/bin/program").libraries), ElementsAre("/lib/liba.so", "/lib/#", "/lib/two"))
      << "rtld.c looks for the second from the beginning, and not as far as it stands";
}

TEST_F(GlibcLoader, WhatWasOpenedLateDoesNotInheritItsCallersRpath) {
  put("/bin/program", program({"liba.so"}));
  ElfSpec a = library("liba.so");
  a.rpath = "/opt";
  put("/usr/lib/liba.so", a);
  put("/opt/plugin.so", library("plugin.so", {"libdeep.so"}));
  put("/opt/libdeep.so", library("libdeep.so"));
  const LoadResult result = dlopen("plugin.so", "/usr/lib/liba.so", "/bin/program");
  EXPECT_THAT(paths(result.libraries), ElementsAre("/opt/plugin.so"));
  EXPECT_THAT(names(result.missing), ElementsAre("libdeep.so"));
}

class MuslLoader : public LoaderTest {
 protected:
  void SetUp() override {
    put(musl_loader, library("libc.musl-x86_64.so.1"));
    link("/lib/libc.musl-x86_64.so.1", "ld-musl-x86_64.so.1");
  }
};

TEST_F(MuslLoader, ItsOwnNamesAreTheLoaderItself) {
  put("/bin/program", program({"liba.so", "libc.musl-x86_64.so.1", "libpthread.so.0"}, musl_loader));
  put("/usr/lib/liba.so", library("liba.so"));
  const LoadResult result = load("/bin/program");
  EXPECT_TRUE(result.is_musl);
  EXPECT_THAT(paths(result.libraries), ElementsAre("/usr/lib/liba.so", musl_loader));
  EXPECT_EQ(result.libraries[1].found_by, FoundBy::already_loaded);
  EXPECT_EQ(result.libraries[0].detail, "/usr/lib");
}

TEST_F(MuslLoader, TheLibraryPathComesFirstAndRunpathIsInherited) {
  ElfSpec spec = program({"liba.so"}, musl_loader);
  spec.runpath = "$ORIGIN/../opt";
  put("/bin/program", spec);
  put("/opt/liba.so", library("liba.so", {"libb.so"}));
  put("/opt/libb.so", library("libb.so"));
  put("/env/libb.so", library("libb.so"));
  EXPECT_THAT(paths(load("/bin/program").libraries),
              ElementsAre("/bin/../opt/liba.so", "/bin/../opt/libb.so"));
  EXPECT_THAT(paths(load("/bin/program", {.library_path = "/env", .preload = {}}).libraries),
              ElementsAre("/bin/../opt/liba.so", "/env/libb.so"));
}

TEST_F(MuslLoader, ThePathFileReplacesTheDefaultPath) {
  put("/bin/program", program({"liba.so", "libb.so"}, musl_loader));
  put("/usr/lib/liba.so", library("liba.so"));
  put("/opt/libb.so", library("libb.so"));
  put_text("/etc/ld-musl-x86_64.path", "/lib\n/opt\n");
  const LoadResult result = load("/bin/program");
  EXPECT_THAT(paths(result.libraries), ElementsAre("/opt/libb.so"));
  EXPECT_EQ(result.libraries[0].detail, "/opt, of /etc/ld-musl-x86_64.path");
  EXPECT_THAT(names(result.missing), ElementsAre("liba.so"));
}

TEST_F(MuslLoader, ThePathFileLiesBesideTheLoadersPrefix) {
  put("/usr/local/musl/lib/ld-musl-x86_64.so.1", library(""));
  put("/bin/program", program({"libb.so"}, "/usr/local/musl/lib/ld-musl-x86_64.so.1"));
  put("/opt/libb.so", library("libb.so"));
  put_text("/usr/local/musl/etc/ld-musl-x86_64.path", "/opt");
  EXPECT_THAT(paths(load("/bin/program").libraries), ElementsAre("/opt/libb.so"));
}

TEST_F(MuslLoader, AnotherVariableTurnsTheWholeRunpathOff) {
  ElfSpec spec = program({"liba.so"}, musl_loader);
  spec.runpath = "/opt:$LIB/x";
  put("/bin/program", spec);
  put("/opt/liba.so", library("liba.so"));
  EXPECT_THAT(names(load("/bin/program").missing), ElementsAre("liba.so"));
}

TEST_F(MuslLoader, SonamesDoNotCountButNamesThatWereSearchedForDo) {
  put("/bin/program", program({"libx.so", "liba.so", "libx.so"}, musl_loader));
  put("/lib/libx.so", library("liba.so"));
  put("/lib/liba.so", library("liba.so"));
  EXPECT_THAT(paths(load("/bin/program").libraries), ElementsAre("/lib/libx.so", "/lib/liba.so"));
}

TEST_F(MuslLoader, ALibraryThatWasNeededByItsPathIsFoundAgainByItsOwnName) {
  put("/bin/program", program({"/opt/libreal.so", "libalias.so", "libalias.so", "libreal.so"}, musl_loader));
  put("/opt/libreal.so", library(""));
  link("/lib/libalias.so", "/opt/libreal.so");
  const LoadResult result = load("/bin/program");
  EXPECT_THAT(paths(result.libraries), ElementsAre("/opt/libreal.so"));
  EXPECT_THAT(result.missing, IsEmpty())
      << "a search that ends at the same file gives it the name of its path";
}

TEST_F(MuslLoader, ALibraryIsMuslsByWhatItNeeds) {
  put(std::string("/usr/lib64") + "/ld-linux-x86-64.so.2", library("ld-linux-x86-64.so.2"));
  link("/lib64", "usr/lib64");
  put("/usr/lib/libm1.so", library("libm1.so", {"libc.musl-x86_64.so.1"}));
  put("/usr/lib/libg1.so", library("libg1.so", {"libc.so.6"}));
  put("/usr/lib/libplain.so", library("libplain.so"));
  EXPECT_TRUE(load("/usr/lib/libm1.so").is_musl);
  EXPECT_FALSE(load("/usr/lib/libg1.so").is_musl);
  EXPECT_FALSE(load("/usr/lib/libplain.so").is_musl) << "glibc's loader is there too";
}

TEST_F(MuslLoader, DlopenSearchesAsForTheProgram) {
  ElfSpec spec = program({"liba.so"}, musl_loader);
  spec.rpath = "/opt";
  put("/bin/program", spec);
  put("/opt/liba.so", library("liba.so"));
  put("/opt/plugin.so", library("plugin.so", {"libdeep.so"}));
  put("/usr/lib/libdeep.so", library("libdeep.so"));
  EXPECT_THAT(paths(dlopen("plugin.so", "/opt/liba.so", "/bin/program").libraries),
              ElementsAre("/opt/plugin.so", "/usr/lib/libdeep.so"));
}

}  // namespace
}  // namespace slim
