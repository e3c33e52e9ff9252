// Follows systemd's ELF_DLOPEN_METADATA.md: an array of objects whose `soname` is a list, best name first.
// It is apart from elf.cpp because that file is built without run-time type information.
#include "analyzer/dlopen_note.h"

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "analyzer/elf.h"

namespace slim {
namespace {

constexpr std::size_t max_json = 64U << 10U;
constexpr std::size_t max_notes = 256;
constexpr std::size_t max_sonames = 64;
constexpr std::size_t max_text = 4096;

std::string text_of(const nlohmann::json& object, const char* key) {
  const auto found = object.find(key);
  if (found == object.end() || !found->is_string()) return {};
  const auto& text = found->get_ref<const std::string&>();
  return text.size() > max_text ? std::string() : text;
}

}  // namespace

void parse_dlopen_note(std::string_view json, std::vector<DlopenNote>& notes,
                       std::vector<std::string>& problems) {
  if (json.size() > max_json) {
    problems.emplace_back("dlopen note: larger than 64 KiB");
    return;
  }
  while (!json.empty() && json.back() == '\0') json.remove_suffix(1);
  // Nesting would recurse when the value is destroyed: four levels are one more than the form has.
  const auto shallow = [](int depth, nlohmann::json::parse_event_t, nlohmann::json&) { return depth <= 4; };
  const nlohmann::json document = nlohmann::json::parse(json, shallow, false);
  if (!document.is_array()) {
    problems.emplace_back("dlopen note: expected a JSON array");
    return;
  }
  for (const auto& object : document) {
    const auto sonames = object.is_object() ? object.find("soname") : object.end();
    if (!object.is_object() || sonames == object.end() || !sonames->is_array()) {
      problems.emplace_back("dlopen note: expected objects with an array \"soname\"");
      return;
    }
    DlopenNote note;
    note.priority = text_of(object, "priority");
    note.feature = text_of(object, "feature");
    note.description = text_of(object, "description");
    for (const auto& soname : *sonames) {
      if (soname.is_string() && note.sonames.size() < max_sonames &&
          soname.get_ref<const std::string&>().size() <= max_text)
        note.sonames.push_back(soname.get<std::string>());
    }
    if (note.sonames.empty()) continue;
    if (notes.size() == max_notes) {
      problems.emplace_back("dlopen notes: more than 256, the rest is left out");
      return;
    }
    notes.push_back(std::move(note));
  }
}

}  // namespace slim
