#include "runner/probe.h"

#include <string>

namespace slim {

std::string Origin::text() const {
  if (file.empty() || line == 0) return file;
  return file + ":" + std::to_string(line);
}

}  // namespace slim
