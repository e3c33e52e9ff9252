#include "slimmer/json_stream.h"

#include <ostream>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

namespace slim {
namespace {

std::string on_one_line(const nlohmann::ordered_json& value) {
  return value.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

}  // namespace

JsonStream::JsonStream(std::ostream& out) : out_(out) {
  out_ << '{';
}

void JsonStream::key(std::string_view key) {
  close_list();
  out_ << (empty_ ? "\n" : ",\n") << "  \"" << key << "\": ";
  empty_ = false;
}

void JsonStream::close_list() {
  if (!in_list_) return;
  out_ << (list_empty_ ? "]" : "\n  ]");
  in_list_ = false;
}

void JsonStream::member(std::string_view key, const nlohmann::ordered_json& value) {
  this->key(key);
  out_ << on_one_line(value);
}

void JsonStream::list(std::string_view key) {
  this->key(key);
  out_ << '[';
  in_list_ = list_empty_ = true;
}

void JsonStream::element(const nlohmann::ordered_json& value) {
  out_ << (list_empty_ ? "\n    " : ",\n    ") << on_one_line(value);
  list_empty_ = false;
}

void JsonStream::end() {
  close_list();
  out_ << "\n}\n";
}

}  // namespace slim
