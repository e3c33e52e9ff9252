// OCI image-spec, config.md: an entry of `history` for every step, `empty_layer` where it made no layer. The
// texts of the steps are not standardized; Docker's classic builder and Buildah write "/bin/sh -c #(nop)  CMD
// [...]", BuildKit writes "CMD [...]".
#include "slimmer/base_layers.h"

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "analyzer/image.h"

namespace slim {
namespace {

/// Whether the step says what the image starts, and nothing else.
bool sets_start(const HistoryEntry& step) {
  if (!step.empty_layer) return false;
  std::string_view text = step.created_by;
  constexpr std::string_view no_operation = "/bin/sh -c #(nop)";
  if (text.starts_with(no_operation)) text.remove_prefix(no_operation.size());
  text.remove_prefix(std::min(text.find_first_not_of(' '), text.size()));
  return text.starts_with("CMD ") || text.starts_with("ENTRYPOINT ");
}

/// Layers below the last such step that has layers above it; 0: there is none.
std::size_t layers_below_start(const std::vector<HistoryEntry>& history, std::size_t layers) {
  std::size_t made = 0;
  std::size_t below = 0;
  for (const HistoryEntry& step : history) {
    if (!step.empty_layer) ++made;
    if (sets_start(step) && made < layers) below = made;
  }
  return below;
}

/// The first layers that have the time of the very first.
std::size_t layers_of_one_time(const std::vector<HistoryEntry>& history) {
  std::size_t count = 0;
  const std::string* first = nullptr;
  for (const HistoryEntry& step : history) {
    if (step.empty_layer) continue;
    if (step.created.empty() || (first != nullptr && step.created != *first)) break;
    first = &step.created;
    ++count;
  }
  return count;
}

}  // namespace

BaseLayers find_base_layers(const Image& image) {
  const std::size_t layers = image.layers.size();
  const std::vector<HistoryEntry>& history = image.config.history;
  if (layers < 2) return {.count = 0, .because = "the image has no layer on top of another"};
  const auto made_layer = [](const HistoryEntry& step) { return !step.empty_layer; };
  if (std::ranges::count_if(history, made_layer) == static_cast<std::ptrdiff_t>(layers)) {
    if (const std::size_t below = layers_below_start(history, layers); below != 0)
      return {.count = below, .because = "a CMD or ENTRYPOINT step of the history ends them"};
    if (const std::size_t alike = layers_of_one_time(history); alike != 0 && alike != layers)
      return {.count = alike, .because = "they were made at one time, the next at another"};
  }
  return {.count = 1, .because = "nothing in the history says where the base ends: its first layer is taken"};
}

}  // namespace slim
