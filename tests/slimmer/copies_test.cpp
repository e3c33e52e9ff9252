#include "slimmer/copies.h"

#include <cstddef>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <archive_entry.h>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "analyzer/byte_stream.h"
#include "analyzer/file_tree.h"
#include "analyzer/image_contents.h"
#include "analyzer/layer_index.h"
#include "slimmer/plan.h"
#include "tests/slimmer/sample_entries.h"
#include "tests/slimmer/sample_image.h"

namespace slim {
namespace {

using Paths = std::vector<std::string>;
using test::file;
using test::folder;
using test::link_to;
using test::symlink;
using ::testing::ElementsAre;

SampleEntry with_note(const std::string& path) {
  return {.path = path, .content = "x", .change = [](::archive_entry* entry) {
            archive_entry_xattr_add_entry(entry, "user.note", "y", 1);
          }};
}

struct Divided {
  explicit Divided(const std::vector<SampleEntry>& entries, const Paths& dropped = {},
                   std::vector<AddedEntry> added = {})
      : image(sample_contents({sample_layer(entries)})), plan(plan_without(image.tree, dropped)) {
    plan.added = std::move(added);
    copies = plan_copies(image.tree, plan);
  }

  /// Each COPY as "/folder: /its/file ..."; a whole folder with a star.
  [[nodiscard]] Paths groups() const {
    Paths all;
    for (const CopyGroup& group : copies.groups) {
      std::string text = image.tree.path(group.folder) + (group.whole ? "*:" : ":");
      for (const NodeId file : group.files) text += " " + image.tree.path(file);
      all.push_back(text);
    }
    return all;
  }

  /// What the tar holds, read by the program's own reader: "path type link".
  Paths rest() {
    std::string tar;
    write_rest(image, plan, copies, [&tar](std::span<const std::byte> bytes) {
      tar.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    });
    Paths all;
    const LayerIndex index = index_layer(memory_reader(std::as_bytes(std::span(tar))), "rest");
    for (const LayerEntry& entry : index.entries)
      all.push_back(fmt::format("{} {} {}", entry.path, to_string(entry.type), entry.link));
    return all;
  }

  ImageContents image;
  Plan plan;
  Copies copies;
};

TEST(Copies, AFolderIsCopiedWholeWhereAllBelowItIsKept) {
  const Divided divided({folder("etc/"), folder("etc/app/"), file("etc/app/a"), folder("etc/app/d/"),
                         file("etc/app/d/b"), file("etc/other"), file("etc/dropped")},
                        {"/etc/dropped"});
  EXPECT_THAT(divided.groups(), ElementsAre("/etc: /etc/other", "/etc/app*: /etc/app/a /etc/app/d/b"));
}

TEST(Copies, AFolderThatSlimWritesAnewInPartIsNotCopiedWhole) {
  Divided divided({folder("var/"), file("var/status"), file("var/kept")}, {"/var/status"},
                  {{.path = "/var/status", .content = "anew", .why = "less"}});
  EXPECT_THAT(divided.groups(), ElementsAre("/var: /var/kept"));
  EXPECT_THAT(divided.rest(), ElementsAre("var directory ", "var/status file "));
}

TEST(Copies, TheTarHasFoldersLinksAndWhatIsAdded) {
  Divided divided({folder("bin/"), file("bin/app"), symlink("bin/link", "app"), folder("empty/", 01777),
                   symlink("lib", "usr/lib"), file("bin/dropped")},
                  {"/bin/dropped"});
  EXPECT_THAT(divided.rest(), ElementsAre("bin directory ", "bin/link symlink app", "empty directory ",
                                          "lib symlink usr/lib"));
  EXPECT_THAT(divided.groups(), ElementsAre("/bin: /bin/app"));
}

TEST(Copies, FurtherNamesOfACopiedFileAreLinksToIt) {
  Divided divided({folder("bin/"), file("bin/perl"), link_to("bin/perl5", "bin/perl"), file("bin/dropped")},
                  {"/bin/dropped"});
  EXPECT_THAT(divided.groups(), ElementsAre("/bin: /bin/perl"));
  EXPECT_THAT(divided.rest(), ElementsAre("bin directory ", "bin/perl5 hardlink bin/perl"));
}

TEST(Copies, AnotherNameIsCopiedWhereTheFirstIsDropped) {
  Divided divided({folder("bin/"), file("bin/perl"), link_to("bin/perl5", "bin/perl")}, {"/bin/perl"});
  EXPECT_THAT(divided.groups(), ElementsAre("/bin: /bin/perl5"));
  EXPECT_THAT(divided.rest(), ElementsAre("bin directory "));
}

TEST(Copies, WhatCopyCannotNameOrWouldSpoilComesWithItsContent) {
  Divided divided({folder("a/"), file("a/$HOME"), file("a/new\nline"), file("a/plain name"),
                   with_note("a/ping"), link_to("a/pong", "a/ping"), file("a/dropped")},
                  {"/a/dropped"});
  EXPECT_THAT(divided.groups(), ElementsAre("/a: /a/plain name"));
  EXPECT_THAT(divided.rest(), ElementsAre("a directory ", "a/$HOME file ", "a/new\nline file ",
                                          "a/ping file ", "a/pong hardlink a/ping"));
}

TEST(Copies, AFolderThatCopyCannotNameIsNotCopiedWholeButWhatIsInItIs) {
  Divided divided({folder("a*/"), file("a*/b"), folder("c/"), file("c/d"), file("dropped")}, {"/dropped"});
  EXPECT_THAT(divided.groups(), ElementsAre("/c*: /c/d"));
  EXPECT_THAT(divided.rest(), ElementsAre("a* directory ", "c directory ", "a*/b file "));
}

TEST(Copies, NoFileIsLostAndNoneIsThereTwice) {
  Divided divided({folder("a/"), file("a/1"), folder("a/b/"), file("a/b/2"), link_to("a/b/3", "a/1"),
                   with_note("a/4"), file("a/[5]"), file("6"), file("7")},
                  {"/7"});
  Paths all;
  for (const CopyGroup& group : divided.copies.groups) {
    for (const NodeId id : group.files) all.push_back(divided.image.tree.path(id));
  }
  for (const auto& [name, first] : divided.copies.hard_links) all.push_back(divided.image.tree.path(name));
  for (NodeId id = 0; id < divided.image.tree.size(); ++id) {
    if (divided.copies.rest.nodes[id] && divided.image.tree.is(id, EntryType::file))
      all.push_back(divided.image.tree.path(id));
  }
  EXPECT_THAT(all, ::testing::UnorderedElementsAre("/a/1", "/a/b/2", "/a/b/3", "/a/4", "/a/[5]", "/6"));
}

TEST(Copies, AnImageThatIsKeptWholeIsOneCopy) {
  const Divided divided({folder("./"), folder("a/"), file("a/b"), file("c")});
  EXPECT_THAT(divided.groups(), ElementsAre("/*: /a/b /c"));
}

TEST(CopyableName, IsPlainAscii) {
  for (const char* name : {"/usr/bin/[", "/a*", "/a?b", "/a$b", "/a\"b", "/a'b", "/a`b", "/a\\b", "/a\nb",
                           "/a\tb", "/gr\xc3\xbc\xc3\x9f", "/\xff", "/a\x7f"})
    EXPECT_FALSE(is_copyable_name(name)) << name;
  for (const char* name : {"/usr/lib/libstdc++.so.6", "/a b", "/a@{b}~(1),=;|&<>#!%^:-_."})
    EXPECT_TRUE(is_copyable_name(name)) << name;
}

}  // namespace
}  // namespace slim
