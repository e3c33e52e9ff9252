#include "slimmer/trace.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <ostream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "analyzer/file_tree.h"
#include "analyzer/host_file.h"
#include "analyzer/json.h"
#include "analyzer/json_object.h"
#include "runner/probe_steps.h"
#include "runner/sandbox.h"

namespace slim {
namespace {

using Json = nlohmann::ordered_json;

constexpr int format_version = 2;

struct UseName {
  unsigned use;
  std::string_view name;
};
constexpr auto use_names = std::to_array<UseName>({{PathUse::looked_up, "looked-up"},
                                                   {PathUse::opened, "opened"},
                                                   {PathUse::executed, "executed"},
                                                   {PathUse::listed, "listed"},
                                                   {PathUse::changed, "changed"},
                                                   {PathUse::entered, "entered"}});

std::string_view name_of(ChangeKind kind) {
  if (kind == ChangeKind::created) return "created";
  return kind == ChangeKind::changed ? "changed" : "deleted";
}

Json path_json(const AskedPath& path, const FileTree& tree) {
  Json uses = Json::array();
  for (const auto& [use, name] : use_names) {
    if ((path.uses & use) != 0) uses.push_back(name);
  }
  return {{"path", path.path},
          {"in_image", tree.resolve(path.path).node != no_node},
          {"uses", std::move(uses)},
          {"program", path.program},
          {"call", path.call}};
}

Json exit_json(const Trace& trace) {
  if (!trace.exit) return nullptr;
  return trace.exit->signal != 0 ? Json{{"signal", trace.exit->signal}} : Json{{"code", trace.exit->code}};
}

template <typename Items, typename Make>
Json list(const Items& items, Make&& make) {
  Json all = Json::array();
  for (const auto& item : items) all.push_back(make(item));
  return all;
}

void check_absolute(const JsonObject& object, std::size_t number, const std::string& path) {
  if (path.starts_with('/')) return;
  object.fail("paths", fmt::format("number {} is '{}', expected an absolute path", number, path));
}

AskedPath read_path(const JsonObject& object) {
  AskedPath path{.path = object.string("path"),
                 .uses = 0,
                 .program = object.string("program"),
                 .call = object.string("call")};
  for (const auto& name : object.strings("uses")) {
    const auto known = std::ranges::find(use_names, name, &UseName::name);
    if (known == use_names.end()) {
      object.fail("uses", "'" + name + "' is none of looked-up, opened, executed, listed, changed, entered");
    }
    path.uses |= known->use;
  }
  return path;
}

}  // namespace

void write_trace(const Trace& trace, const FileTree& tree, std::ostream& out) {
  const auto path = [&tree](const AskedPath& item) { return path_json(item, tree); };
  const auto process = [](const StartedProcess& item) {
    return Json{{"program", item.program}, {"argv", item.argv}};
  };
  const auto change = [](const FileChange& item) {
    return Json{{"path", item.path}, {"kind", name_of(item.kind)}};
  };
  const auto answer = [](const StepAnswer& item) {
    return Json{{"step", item.step}, {"answer", item.answer}, {"unmet", item.unmet}};
  };
  const Json ready = trace.time_to_ready ? Json(trace.time_to_ready->count()) : Json(nullptr);
  const Json document = {{"schema_version", format_version},
                         {"image", {{"ref", trace.image}, {"config_digest", trace.config_digest}}},
                         {"summary", trace.summary},
                         {"exit", exit_json(trace)},
                         {"time_to_ready_ms", ready},
                         {"peak_memory", trace.peak_memory},
                         {"complete", trace.watched.complete},
                         {"paths", list(trace.watched.paths, path)},
                         {"processes", list(trace.watched.processes, process)},
                         {"sockets", trace.sockets},
                         {"answers", list(trace.answers, answer)},
                         {"changes_complete", trace.changes.complete},
                         {"changes", list(trace.changes.files, change)}};
  out << document.dump(2, ' ', false, Json::error_handler_t::replace) << '\n';
}

Trace read_trace(const std::string& file) {
  const auto document = parse_json(read_host_file(file, "trace"), file);
  const JsonObject object(document, file);
  const auto version = object.size("schema_version");
  if (version != 1 && version != format_version) {
    object.fail("schema_version", fmt::format("expected 1 or {}, as slim trace writes it", format_version));
  }
  if (object.find("paths") == nullptr) object.fail("paths", "missing: expected a list of paths");
  const JsonObject image = object.object("image");
  Trace trace;
  trace.image = image.string("ref");
  trace.config_digest = image.string("config_digest");
  trace.summary = object.string("summary");
  if (version == 1) {
    for (auto& path : object.strings("paths"))
      trace.watched.paths.push_back({.path = std::move(path), .uses = 0, .program = {}, .call = {}});
  } else {
    trace.watched.complete = object.boolean("complete");
    for (const JsonObject& path : object.objects("paths")) trace.watched.paths.push_back(read_path(path));
    for (const JsonObject& process : object.objects("processes")) {
      trace.watched.processes.push_back(
          {.program = process.string("program"), .argv = process.strings("argv")});
    }
  }
  for (std::size_t i = 0; i < trace.watched.paths.size(); ++i)
    check_absolute(object, i + 1, trace.watched.paths[i].path);
  return trace;
}

}  // namespace slim
