#include "analyzer/error.h"

#include <string>
#include <system_error>

namespace slim {

Error system_error(const std::string& what, const std::string& doing, int error_number) {
  return {ErrorKind::environment, what, doing + ": " + std::generic_category().message(error_number)};
}

}  // namespace slim
