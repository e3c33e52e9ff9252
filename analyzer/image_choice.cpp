// See the header. A history that does not match the layers is let pass: it is prose.
#include "analyzer/image_choice.h"

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include <fmt/format.h>

#include "analyzer/byte_stream.h"
#include "analyzer/error.h"
#include "analyzer/image.h"
#include "analyzer/platform.h"

namespace slim {

void check_document(std::string_view text, const Descriptor& descriptor, const std::string& where) {
  ByteReader reader =
      verified(memory_reader(std::as_bytes(std::span(text))), descriptor.digest, descriptor.size, where);
  drain(reader);
}

std::optional<std::size_t> chosen_index(std::string_view name, std::size_t count, const std::string& where) {
  if (!name.starts_with('@')) return std::nullopt;
  name.remove_prefix(1);
  std::size_t number = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), number);
  if (error != std::errc() || end != name.data() + name.size()) return std::nullopt;
  if (number >= count) {
    throw Error(ErrorKind::input, where,
                fmt::format("no image @{}: there are {}, counted from 0", number, count));
  }
  return number;
}

std::string listed(const std::vector<std::string>& items) {
  constexpr std::size_t most = 20;
  std::vector<std::string> shown;
  for (const std::string& item : items) {
    if (std::ranges::find(shown, item) != shown.end()) continue;
    if (shown.size() == most) {
      shown.emplace_back("...");
      break;
    }
    shown.push_back(item);
  }
  return fmt::format("{}", fmt::join(shown, ", "));
}

void check_platform(const ImageConfig& config, const Platform* wanted, const std::string& where) {
  if (wanted == nullptr || config.platform.architecture.empty() || serves(config.platform, *wanted)) return;
  throw Error(ErrorKind::input, where,
              fmt::format("no image for {}: this one is for {}", wanted->text(), config.platform.text()));
}

void complete_layers(Image& image, const std::string& where) {
  const ImageConfig& config = image.config;
  if (image.layers.size() != config.diff_ids.size()) {
    throw Error(ErrorKind::input, where,
                fmt::format("{} layers, but the config has {} diff_ids", image.layers.size(),
                            config.diff_ids.size()));
  }
  const auto made_layer = [](const HistoryEntry& entry) { return !entry.empty_layer; };
  const bool matches = std::ranges::count_if(config.history, made_layer) == std::ssize(image.layers);
  auto entry = config.history.begin();
  for (std::size_t i = 0; i < image.layers.size(); ++i) {
    image.layers[i].diff_id = config.diff_ids[i];
    if (!matches) continue;
    entry = std::ranges::find_if(entry, config.history.end(), made_layer);
    image.layers[i].created_by = entry->created_by;
    ++entry;
  }
}

}  // namespace slim
