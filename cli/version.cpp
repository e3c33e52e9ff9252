#include "cli/version.h"

#include <string_view>

namespace slim {

std::string_view version() {
  return SLIM_VERSION;
}

}  // namespace slim
