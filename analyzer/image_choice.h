// What all stored forms of an image have in common once one of several is to be chosen and checked.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "analyzer/image.h"
#include "analyzer/platform.h"

namespace slim {

inline constexpr std::uint64_t largest_document = std::uint64_t{8}
                                                  << 20;  ///< of a manifest, an index or a config

/// A text that is not of the descriptor's size and digest is an input Error about `where`.
void check_document(std::string_view text, const Descriptor& descriptor, const std::string& where);

/// The number in "@NUMBER", which chooses an image by its place; nullopt for any other name. A number that is
/// not below `count` is an input Error about `where`.
std::optional<std::size_t> chosen_index(std::string_view name, std::size_t count, const std::string& where);

/// The items, each once, in their order, as text: "a, b, c"; of many, the first ones.
std::string listed(const std::vector<std::string>& items);

/// A config that is for another platform than `wanted` (where given) is an input Error about `where`.
void check_platform(const ImageConfig& config, const Platform* wanted, const std::string& where);

/// Gives the layers, whose blobs are set, their diff_ids and what created them. Another number of layers than
/// of diff_ids is an input Error about `where`.
void complete_layers(Image& image, const std::string& where);

}  // namespace slim
