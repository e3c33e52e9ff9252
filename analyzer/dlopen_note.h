// The JSON inside a note of systemd's ELF_DLOPEN_METADATA.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "analyzer/elf.h"

namespace slim {

/// Appends what `json` (the descriptor of one note: an array of objects) recommends to `notes`, at most 256
/// recommendations with 64 names each. What is wrong with it is a line in `problems`.
void parse_dlopen_note(std::string_view json, std::vector<DlopenNote>& notes,
                       std::vector<std::string>& problems);

}  // namespace slim
