#include "analyzer/index_cache.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <ctime>
#include <fcntl.h>
#include <filesystem>
#include <string>
#include <sys/stat.h>
#include <thread>
#include <unistd.h>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "analyzer/digest.h"
#include "analyzer/layer_index.h"
#include "tests/analyzer/error_matcher.h"
#include "tests/analyzer/temporary_folder.h"

namespace slim {
namespace {

using test::failure_of;
using testing::HasSubstr;

LayerIndex index_of(const std::string& tar, std::size_t entries = 1) {
  LayerIndex index;
  index.tar = {.digest = Digest::of(tar), .size = tar.size()};
  for (std::size_t i = 0; i < entries; ++i) {
    LayerEntry entry;
    entry.path = tar + std::to_string(i);
    entry.type = EntryType::directory;
    index.entries.push_back(std::move(entry));
  }
  return index;
}

LayerKey key_of(const std::string& blob, const std::string& tar) {
  return {.blob = Digest::of(blob), .diff_id = Digest::of(tar), .place = {}};
}

std::vector<std::string> names_in(const std::string& folder) {
  std::vector<std::string> names;
  for (const auto& item : std::filesystem::directory_iterator(folder))
    names.push_back(item.path().filename());
  std::ranges::sort(names);
  return names;
}

class IndexCacheTest : public testing::Test {
 protected:
  [[nodiscard]] std::string place() const { return folder_.path() + "/parent/slim"; }
  IndexCache open(std::uint64_t bytes = 1'000'000) const {
    return IndexCache(place(), {.bytes = bytes, .rest = std::chrono::seconds(2)});
  }
  /// The only entry.
  [[nodiscard]] std::string entry() const {
    const auto names = names_in(place());
    EXPECT_EQ(names.size(), 1U);
    return place() + "/" + names.at(0);
  }

  test::TemporaryFolder folder_;
};

TEST_F(IndexCacheTest, GivesWhatWasStoredUnderBothDigestsAndNothingElse) {
  const IndexCache cache = open();
  EXPECT_FALSE(cache.find(key_of("blob", "tar"), true));
  cache.store(key_of("blob", "tar"), index_of("tar"), true);
  const auto found = open().find(key_of("blob", "tar"), true);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->entries.at(0).path, "tar0");
  EXPECT_FALSE(cache.find(key_of("other", "tar"), true));
  EXPECT_FALSE(cache.find(key_of("blob", "other"), true));
}

TEST_F(IndexCacheTest, AnIndexOfAnotherTarIsNotBelievedUnderADiffId) {
  const IndexCache cache = open();
  cache.store(key_of("blob", "tar"), index_of("another"), true);
  EXPECT_FALSE(cache.find(key_of("blob", "tar"), true));
}

TEST_F(IndexCacheTest, APlaceIsTheSameInAllItsPartsOrAnother) {
  const IndexCache cache = open();
  const BlobPlace place{
      .device = 1, .inode = 2, .file_size = 3, .modified = 4, .changed = 5, .offset = 6, .length = 7};
  const LayerKey key{.blob = {}, .diff_id = Digest::of("tar"), .place = place};
  cache.store(key, index_of("tar"), true);
  EXPECT_TRUE(cache.find(key, true));
  std::vector<BlobPlace> others(7, place);
  others[0].device = 9;
  others[1].inode = 9;
  others[2].file_size = 9;
  others[3].modified = 9;
  others[4].changed = 9;
  others[5].offset = 9;
  others[6].length = 9;
  for (const BlobPlace& other : others) {
    EXPECT_FALSE(cache.find({.blob = {}, .diff_id = key.diff_id, .place = other}, true));
  }
}

TEST_F(IndexCacheTest, AFileThatChangedJustBeforeItWasReadIsNotAtRest) {
  const IndexCache cache = open();
  const auto now = std::chrono::system_clock::now();
  const auto at = [&](std::chrono::nanoseconds before) {
    const std::int64_t time = (now.time_since_epoch() - before).count();
    return LayerKey{.blob = {}, .diff_id = {}, .place = BlobPlace{.modified = 0, .changed = time}};
  };
  EXPECT_FALSE(cache.at_rest(at(std::chrono::milliseconds(1999)), now));
  EXPECT_TRUE(cache.at_rest(at(std::chrono::seconds(2)), now));
  EXPECT_FALSE(cache.at_rest(at(std::chrono::seconds(-100)), now));
  EXPECT_TRUE(cache.at_rest(key_of("blob", "tar"), now));
}

TEST_F(IndexCacheTest, AnIndexWithoutFactsIsNotGivenToWhoNeedsThem) {
  const IndexCache cache = open();
  cache.store(key_of("blob", "tar"), index_of("tar"), false);
  EXPECT_FALSE(cache.find(key_of("blob", "tar"), true));
  EXPECT_TRUE(cache.find(key_of("blob", "tar"), false));
  cache.store(key_of("b", "t"), index_of("t"), true);
  EXPECT_TRUE(cache.find(key_of("b", "t"), false));
}

TEST_F(IndexCacheTest, ABrokenEntryIsNotThereAndIsReplaced) {
  const IndexCache cache = open();
  const LayerKey key = key_of("blob", "tar");
  cache.store(key, index_of("tar"), true);
  const std::string whole = test::read_file(entry());
  const auto write = [&](const std::string& content) {
    test::TemporaryFolder draft;
    std::filesystem::copy_file(draft.write("x", content), entry(),
                               std::filesystem::copy_options::overwrite_existing);
  };
  for (std::size_t length = 0; length < whole.size(); ++length) {
    write(whole.substr(0, length));
    EXPECT_FALSE(cache.find(key, true)) << length;
  }
  for (std::size_t at = 0; at < whole.size(); at += 3) {
    std::string changed = whole;
    changed[at] = static_cast<char>(changed[at] ^ 4);
    write(changed);
    EXPECT_FALSE(cache.find(key, true)) << at;
  }
  cache.store(key, index_of("tar"), true);
  EXPECT_TRUE(cache.find(key, true));
}

TEST_F(IndexCacheTest, AnEntryUnderTheNameOfAnotherIsNotThere) {
  const IndexCache cache = open();
  cache.store(key_of("a", "tar"), index_of("tar"), true);
  const std::string one = entry();
  cache.store(key_of("b", "tar"), index_of("tar"), true);
  for (const std::string& name : names_in(place())) {
    if (place() + "/" + name != one) std::filesystem::rename(one, place() + "/" + name);
  }
  EXPECT_FALSE(cache.find(key_of("a", "tar"), true));
  EXPECT_FALSE(cache.find(key_of("b", "tar"), true));
}

TEST_F(IndexCacheTest, FolderAndEntriesAreForTheirOwnerAlone) {
  const ::mode_t before = ::umask(0);
  open().store(key_of("blob", "tar"), index_of("tar"), true);
  ::umask(before);
  struct stat status{};
  ASSERT_EQ(::stat(place().c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777U, 0700U);
  ASSERT_EQ(::stat(entry().c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777U, 0600U);
}

TEST_F(IndexCacheTest, AFolderThatOthersMayWriteToIsRefused) {
  open();
  for (const ::mode_t mode : {::mode_t{0770}, ::mode_t{0702}, ::mode_t{01777}}) {
    ASSERT_EQ(::chmod(place().c_str(), mode), 0);
    const auto failure = failure_of([&] { open(); });
    ASSERT_TRUE(failure.thrown);
    EXPECT_EQ(failure.kind, ErrorKind::environment);
    EXPECT_THAT(failure.text, HasSubstr(place() + ": not used as cache: others may write to it"));
    EXPECT_THAT(failure.hint, HasSubstr("chmod 700"));
  }
}

TEST_F(IndexCacheTest, AFolderOrAnEntryOfAnotherUserIsRefused) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root, to give a folder away";
  open().store(key_of("blob", "tar"), index_of("tar"), true);
  ASSERT_EQ(::chown(entry().c_str(), 12345, 12345), 0);
  EXPECT_FALSE(open().find(key_of("blob", "tar"), true));
  ASSERT_EQ(::chown(place().c_str(), 12345, 12345), 0);
  EXPECT_THAT(failure_of([&] { open(); }).text, HasSubstr("it belongs to user 12345, expected 0"));
}

TEST_F(IndexCacheTest, ASymlinkOrAFifoIsNoEntry) {
  const IndexCache cache = open();
  const LayerKey key = key_of("blob", "tar");
  cache.store(key, index_of("tar"), true);
  const std::string name = entry();
  std::filesystem::rename(name, folder_.path() + "/elsewhere");
  std::filesystem::create_symlink(folder_.path() + "/elsewhere", name);
  EXPECT_FALSE(cache.find(key, true));
  std::filesystem::remove(name);
  ASSERT_EQ(::mkfifo(name.c_str(), 0600), 0);
  EXPECT_FALSE(cache.find(key, true));
}

void set_used(const std::string& path, std::time_t seconds) {
  const timespec times[] = {{.tv_sec = seconds, .tv_nsec = 0}, {.tv_sec = seconds, .tv_nsec = 0}};
  ASSERT_EQ(::utimensat(AT_FDCWD, path.c_str(), times, 0), 0);
}

TEST_F(IndexCacheTest, WhatWasUsedLongestAgoGoesWhereThereIsTooMuch) {
  const IndexCache cache = open();
  const std::string names = "abc";
  std::vector<std::string> files;
  for (const char c : names) {
    const std::string name(1, c);
    cache.store(key_of(name, name), index_of(name, 100), true);
    for (const std::string& file : names_in(place())) {
      if (std::ranges::find(files, file) == files.end()) files.push_back(file);
    }
    set_used(place() + "/" + files.back(), 1'000'000 + c);
  }
  const auto size = std::filesystem::file_size(place() + "/" + files[0]);
  folder_.write("parent/slim/notes.txt", std::string(10 * size, 'x'));
  ASSERT_TRUE(cache.find(key_of("a", "a"), true));  // used now
  open(3 * size + size / 2).store(key_of("d", "d"), index_of("d", 100), true);
  EXPECT_TRUE(cache.find(key_of("a", "a"), true));
  EXPECT_FALSE(cache.find(key_of("b", "b"), true));
  EXPECT_TRUE(cache.find(key_of("c", "c"), true));
  EXPECT_TRUE(cache.find(key_of("d", "d"), true));
  EXPECT_TRUE(std::filesystem::exists(place() + "/notes.txt"));
  open(size).store(key_of("e", "e"), index_of("e", 1000), true);  // too large to drive out all others
  EXPECT_FALSE(cache.find(key_of("e", "e"), true));
  EXPECT_TRUE(cache.find(key_of("a", "a"), true));
}

TEST_F(IndexCacheTest, DraftsOfWritersThatDiedAreRemovedInTime) {
  const IndexCache cache = open();
  folder_.write("parent/slim/.tmp-1-0", "x");
  set_used(folder_.write("parent/slim/.tmp-2-0", "x"), std::time(nullptr) - 4000);
  cache.store(key_of("blob", "tar"), index_of("tar"), true);
  EXPECT_TRUE(std::filesystem::exists(place() + "/.tmp-1-0"));
  EXPECT_FALSE(std::filesystem::exists(place() + "/.tmp-2-0"));
}

TEST_F(IndexCacheTest, ManyMayReadAndWriteAtOnce) {
  const LayerKey key = key_of("blob", "tar");
  std::vector<std::jthread> threads;
  std::atomic<unsigned> found = 0;
  std::atomic<unsigned> wrong = 0;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&] {
      const IndexCache own = open(200'000);  // so small that the others' entries are evicted
      for (int turn = 0; turn < 30; ++turn) {
        own.store(key, index_of("tar", 500), true);
        own.store(key_of("blob" + std::to_string(turn), "other"), index_of("other", 500), true);
        const auto got = own.find(key, true);
        if (!got) continue;
        ++found;
        if (got->entries.size() != 500 || got->entries[499].path != "tar499") ++wrong;
      }
    });
  }
  threads.clear();
  EXPECT_GT(found, 0U);
  EXPECT_EQ(wrong, 0U);
  for (const std::string& name : names_in(place())) EXPECT_FALSE(name.starts_with(".tmp-")) << name;
}

TEST(DefaultCacheFolder, FollowsTheEnvironment) {
  const auto with = [](const char* cache, const char* home) {
    cache == nullptr ? ::unsetenv("XDG_CACHE_HOME") : ::setenv("XDG_CACHE_HOME", cache, 1);
    home == nullptr ? ::unsetenv("HOME") : ::setenv("HOME", home, 1);
    return default_cache_folder();
  };
  const char* cache = std::getenv("XDG_CACHE_HOME");
  const char* home = std::getenv("HOME");
  const std::string old_cache = cache == nullptr ? "" : cache;
  const std::string old_home = home == nullptr ? "" : home;
  EXPECT_EQ(with("/c", "/h"), "/c/slim");
  EXPECT_EQ(with("relative", "/h"), "/h/.cache/slim");
  EXPECT_EQ(with("", "/h"), "/h/.cache/slim");
  EXPECT_EQ(with(nullptr, "/h"), "/h/.cache/slim");
  EXPECT_EQ(with(nullptr, ""), "");
  EXPECT_EQ(with(nullptr, nullptr), "");
  with(cache == nullptr ? nullptr : old_cache.c_str(), home == nullptr ? nullptr : old_home.c_str());
}

}  // namespace
}  // namespace slim
