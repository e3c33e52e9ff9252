// Which folders are the system's, shared by all programs, and which belong to one application.
#pragma once

#include <string>
#include <string_view>

namespace slim {

/// Whether `path` (absolute, resolved) is a folder of the system: naming it says nothing of what lies in it.
/// A folder that is not one of these belongs to an application, and naming it names its content.
/// After the Filesystem Hierarchy Standard 3.0 and Debian's multiarch layout.
bool is_system_folder(std::string_view path);

/// Whether `path` is below /proc, /sys or /dev, which are the kernel's, or is one of them.
bool is_kernel_path(std::string_view path);

/// The folder under which `path`, of a file and absolute, is summed up: /usr/lib/x86_64-linux-gnu and
/// /usr/share/zoneinfo are worth a line of their own, /bin and /etc one for all.
std::string summary_folder(std::string_view path);

}  // namespace slim
