// One JSON object, written member by member: a list of a million elements is never in memory whole.
#pragma once

#include <ostream>
#include <string_view>

#include <nlohmann/json_fwd.hpp>

namespace slim {

/// Each member and each element of a list is on a line of its own. What is not UTF-8 becomes U+FFFD.
class JsonStream {
 public:
  explicit JsonStream(std::ostream& out);
  void member(std::string_view key, const nlohmann::ordered_json& value);
  /// Until the next member or the end.
  void list(std::string_view key);
  void element(const nlohmann::ordered_json& value);
  void end();

 private:
  void key(std::string_view key);
  void close_list();

  std::ostream& out_;
  bool empty_ = true;
  bool in_list_ = false;
  bool list_empty_ = true;
};

}  // namespace slim
