// The database of rpm as it is since rpm 4.16: a SQLite file with a header for each package.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace slim {

struct RpmPackage {
  std::string name;
  std::string version;  ///< [EPOCH:]VERSION-RELEASE
  std::string architecture;
  std::string license;
  std::vector<std::string> files;  ///< absolute paths, folders too
};

/// The packages in `database`, the bytes of an rpmdb.sqlite, in its order. What cannot be read is left out,
/// and `problem` (empty where all is well) says what that is. Bounded by the size of the database.
std::vector<RpmPackage> read_rpm_database(std::string_view database, std::string& problem);

}  // namespace slim
