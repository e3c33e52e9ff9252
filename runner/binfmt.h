// Programs of other machines that this kernel hands to an emulator.
#pragma once

#include <string>

#include "analyzer/platform.h"

namespace slim {

/// The interpreter that runs ELF programs of `platform` also inside a container, as binfmt_misc has it
/// registered in `folder`; empty where there is none.
std::string emulator_of(const Platform& platform, const std::string& folder = "/proc/sys/fs/binfmt_misc");

}  // namespace slim
