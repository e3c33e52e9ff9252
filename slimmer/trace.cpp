#include "slimmer/trace.h"

#include <cstddef>
#include <ostream>
#include <string>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "analyzer/host_file.h"
#include "analyzer/json.h"
#include "analyzer/json_object.h"

namespace slim {
namespace {

constexpr int format_version = 1;

}  // namespace

void write_trace(const Trace& trace, std::ostream& out) {
  using Json = nlohmann::ordered_json;
  const Json document = {{"schema_version", format_version},
                         {"image", {{"ref", trace.image}, {"config_digest", trace.config_digest}}},
                         {"summary", trace.summary},
                         {"paths", trace.paths}};
  out << document.dump(2, ' ', false, Json::error_handler_t::replace) << '\n';
}

Trace read_trace(const std::string& file) {
  const auto document = parse_json(read_host_file(file, "trace"), file);
  const JsonObject object(document, file);
  if (object.size("schema_version") != format_version) {
    object.fail("schema_version", fmt::format("expected {}, as slim trace writes it", format_version));
  }
  if (object.find("paths") == nullptr) object.fail("paths", "missing: expected a list of paths");
  const JsonObject image = object.object("image");
  Trace trace{.image = image.string("ref"),
              .config_digest = image.string("config_digest"),
              .summary = object.string("summary"),
              .paths = object.strings("paths")};
  for (std::size_t i = 0; i < trace.paths.size(); ++i) {
    if (!trace.paths[i].starts_with('/')) {
      object.fail("paths",
                  fmt::format("number {} is '{}', expected an absolute path", i + 1, trace.paths[i]));
    }
  }
  return trace;
}

}  // namespace slim
