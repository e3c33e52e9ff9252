// Entries of sample layers (sample_image.h), in a word each.
#pragma once

#include <cstdint>
#include <string>

#include <archive_entry.h>

#include "tests/slimmer/sample_image.h"

namespace slim::test {

inline SampleEntry file(const std::string& path, const std::string& content = "x") {
  return {.path = path, .content = content, .change = {}};
}

inline SampleEntry folder(const std::string& path, unsigned mode = 0755, std::int64_t mtime = 1500000000) {
  return {.path = path, .content = "", .change = [=](::archive_entry* entry) {
            archive_entry_set_filetype(entry, AE_IFDIR);
            archive_entry_set_perm(entry, mode);
            archive_entry_set_mtime(entry, mtime, 0);
          }};
}

/// A further name of the file at `to`.
inline SampleEntry link_to(const std::string& path, const std::string& to) {
  return {.path = path, .content = "", .change = [=](::archive_entry* entry) {
            archive_entry_copy_hardlink(entry, to.c_str());
          }};
}

inline SampleEntry symlink(const std::string& path, const std::string& to) {
  return {.path = path, .content = "", .change = [=](::archive_entry* entry) {
            archive_entry_set_filetype(entry, AE_IFLNK);
            archive_entry_copy_symlink(entry, to.c_str());
          }};
}

}  // namespace slim::test
