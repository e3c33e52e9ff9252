// The format is described by the README of GoogleContainerTools/container-structure-test; what it leaves open
// is done as its program does it: patterns are searched for and not anchored, a link is itself for existence
// tests and its target for content tests, exit codes of setup and teardown are not looked at.
//
// Tests of files and of the config are steps of one container whose program is not started, and so are the
// commands of a test that has a setup; any other command is the program of a container of its own.
#include "runner/structure_test.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include <fmt/format.h>

#include "analyzer/file_tree.h"
#include "analyzer/host_file.h"
#include "analyzer/layer_index.h"
#include "runner/container_spec.h"
#include "runner/observe.h"
#include "runner/pattern.h"
#include "runner/probe.h"
#include "runner/probe_file.h"
#include "runner/yaml_node.h"

namespace slim {
namespace {

constexpr std::size_t tests_cap = 5000;
constexpr std::size_t packages_cap = 5000;
/// Licenses that container-structure-test does not let pass.
constexpr auto unwanted_licenses =
    std::to_array<std::string_view>({"AGPL", "Affero General Public License", "WTFPL"});

Origin origin_of(const YamlNode& node) {
  return {.file = node.file(), .line = node.line()};
}

std::vector<Pattern> patterns(const YamlNode& node) {
  std::vector<Pattern> result;
  for (const auto& item : node.items()) result.push_back(item.pattern());
  return result;
}

struct KeyValue {
  std::string key;
  TextExpect value;
  std::string text;
};

/// [ { key, value, isRegex } ]
std::vector<KeyValue> key_values(const YamlNode& node) {
  std::vector<KeyValue> result;
  for (const auto& item : node.items()) {
    item.allow({"key", "value", "isRegex"});
    KeyValue pair;
    pair.key = item.require("key").text();
    const auto value = item.find("value");
    const auto is_regex = item.find("isRegex");
    pair.text = value ? value->text() : "";
    if (is_regex && is_regex->boolean()) {
      pair.value.matches.push_back(item.require("value").pattern());
    } else {
      pair.value.equals = {pair.text};
    }
    result.push_back(std::move(pair));
  }
  return result;
}

std::vector<std::string> settings(const YamlNode& node) {
  std::vector<std::string> result;
  for (const auto& pair : key_values(node)) result.push_back(pair.key + "=" + pair.text);
  return result;
}

/// [ [ word, ... ] ]
std::vector<std::vector<std::string>> commands(const YamlNode& node) {
  std::vector<std::vector<std::string>> result;
  for (const auto& item : node.items()) {
    result.push_back(item.texts());
    if (result.back().empty() || result.back().front().empty()) item.expected("a command as a list of words");
  }
  return result;
}

class Parser {
 public:
  explicit Parser(const YamlNode& document) : document_(document) {}

  StructureFile run() {
    const auto version = document_.require("schemaVersion").text_in({"1.0.0", "2.0.0"});
    is_first_version_ = version == "1.0.0";
    document_.allow({"schemaVersion", "globalEnvVars", "containerRunOptions", "commandTests",
                     "fileExistenceTests", "fileContentTests", "metadataTest", "licenseTests"});
    if (const auto value = document_.find("globalEnvVars")) overrides_.env = settings(*value);
    if (const auto value = document_.find("containerRunOptions")) run_options(*value);
    // The first probe is the one of all that looks at the image without starting it.
    files_.name = "files and config";
    files_.origin = origin_of(document_);
    files_.hold = true;
    if (const auto value = document_.find("fileExistenceTests")) each(*value, &Parser::existence);
    if (const auto value = document_.find("fileContentTests")) each(*value, &Parser::content);
    if (const auto value = document_.find("metadataTest")) metadata(*value);
    if (const auto value = document_.find("licenseTests")) each(*value, &Parser::license);
    result_.probes.push_back(std::move(files_));
    if (const auto value = document_.find("commandTests")) each(*value, &Parser::command);
    if (result_.tests.size() > tests_cap) document_.fail(fmt::format("more than {} tests", tests_cap));
    if (result_.tests.empty() && !result_.debian_licenses)
      document_.fail("expected a test, and there is none");
    return std::move(result_);
  }

 private:
  void each(const YamlNode& list, void (Parser::*take)(const YamlNode&)) {
    for (const auto& item : list.items()) (this->*take)(item);
  }

  void run_options(const YamlNode& node) {
    node.allow({"user", "privileged", "allocateTty", "envFile", "envVars", "capabilities", "bindMounts"});
    for (const auto* key : {"privileged", "allocateTty"}) {
      const auto value = node.find(key);
      if (value && value->boolean()) value->fail("the sandbox does not give this; expected false");
    }
    if (const auto value = node.find("capabilities"); value && !value->items().empty())
      value->fail("the sandbox gives no further capabilities");
    if (const auto value = node.find("user")) overrides_.user = value->text();
    if (const auto value = node.find("envFile")) {
      for (auto& setting : env_file(*value)) overrides_.env.push_back(std::move(setting));
    }
    if (const auto value = node.find("envVars")) {
      for (const auto& name : value->texts()) {
        const char* text = std::getenv(name.c_str());  // NOLINT(concurrency-mt-unsafe): no thread runs yet
        if (text != nullptr) overrides_.env.push_back(name + "=" + text);
      }
    }
    if (const auto value = node.find("bindMounts")) {
      for (const auto& item : value->items()) overrides_.mounts.push_back(read_mount(item));
    }
  }

  static std::vector<std::string> env_file(const YamlNode& node) {
    std::vector<std::string> result;
    const auto text = read_host_file(beside_file(node, node.text()), "file of variables");
    for (std::string_view rest = text; !rest.empty();) {
      const auto end = std::min(rest.find('\n'), rest.size());
      const auto line = rest.substr(0, end);
      if (!line.starts_with('#') && line.find('=') != std::string_view::npos) result.emplace_back(line);
      rest.remove_prefix(std::min(end + 1, rest.size()));
    }
    return result;
  }

  void command(const YamlNode& node) {
    node.allow({"name", "setup", "teardown", "command", "args", "envVars", "expectedOutput", "excludedOutput",
                "expectedError", "excludedError", "exitCode"});
    Probe probe;
    probe.name = "Command Test: " + node.require("name").text();
    probe.origin = origin_of(node);
    const auto argv = command_words(node);
    probe.overrides = overrides_;
    if (const auto value = node.find("envVars")) {
      for (auto& setting : settings(*value)) probe.overrides.env.push_back(std::move(setting));
    }
    probe.expand_env = true;
    auto expect = process_expect(node);
    const auto setup = node.find("setup");
    const auto teardown = node.find("teardown");
    if (!setup && !teardown) {
      probe.overrides.entrypoint = {argv.front()};
      probe.overrides.cmd = std::vector(argv.begin() + 1, argv.end());
      probe.until_exit = true;
      probe.expect = std::move(expect);
      add(std::move(probe), std::nullopt);
      return;
    }
    probe.hold = true;
    for (const auto& words : setup ? commands(*setup) : std::vector<std::vector<std::string>>{})
      probe.steps.push_back(unjudged(words));
    const auto place = probe.steps.size();
    Step step = exec_step(argv);
    step.origin = probe.origin;
    step.within = std::chrono::minutes(1);
    std::get<ExecStep>(step.action).expect = std::move(expect);
    probe.steps.push_back(std::move(step));
    for (const auto& words : teardown ? commands(*teardown) : std::vector<std::vector<std::string>>{})
      probe.steps.push_back(unjudged(words));
    add(std::move(probe), place);
  }

  static Step unjudged(const std::vector<std::string>& argv) {
    Step step = exec_step(argv);
    step.within = std::chrono::minutes(1);
    std::get<ExecStep>(step.action).any_exit = true;
    return step;
  }

  /// 1.0.0 has a list, 2.0.0 a program and its arguments.
  [[nodiscard]] std::vector<std::string> command_words(const YamlNode& node) const {
    const auto words = node.require("command");
    std::vector<std::string> argv;
    if (is_first_version_) {
      if (!words.is_list()) words.expected("a list of words (schemaVersion 1.0.0)");
      argv = words.texts();
    } else {
      if (!words.is_text()) words.expected("a program (schemaVersion 2.0.0; its arguments are args)");
      argv = {words.text()};
    }
    if (argv.empty() || argv.front().empty()) words.expected("a command");
    if (const auto value = node.find("args")) {
      if (is_first_version_) value->fail("args came with schemaVersion 2.0.0; expected them in command");
      for (auto& word : value->texts()) argv.push_back(std::move(word));
    }
    return argv;
  }

  static ProcessExpect process_expect(const YamlNode& node) {
    ProcessExpect expect;
    const auto exit = node.find("exitCode");
    expect.exit = exit ? static_cast<int>(exit->number(0, 255)) : 0;
    if (const auto value = node.find("expectedOutput")) expect.stdout_text.matches = patterns(*value);
    if (const auto value = node.find("excludedOutput")) expect.stdout_text.excludes = patterns(*value);
    if (const auto value = node.find("expectedError")) expect.stderr_text.matches = patterns(*value);
    if (const auto value = node.find("excludedError")) expect.stderr_text.excludes = patterns(*value);
    return expect;
  }

  void existence(const YamlNode& node) {
    node.allow({"name", "path", "shouldExist", "permissions", "uid", "gid", "isExecutableBy"});
    FileStep file;
    file.path = path_of(node);
    if (const auto value = node.find("shouldExist")) file.exists = value->boolean();
    if (const auto value = node.find("permissions")) file.permissions = value->text();
    constexpr std::int64_t highest = 0xFFFFFFFF;
    // -1 is the format's own word for "whatever".
    if (const auto value = node.find("uid"); value && value->text() != "-1")
      file.uid = static_cast<std::uint32_t>(value->number(0, highest));
    if (const auto value = node.find("gid"); value && value->text() != "-1")
      file.gid = static_cast<std::uint32_t>(value->number(0, highest));
    if (const auto value = node.find("isExecutableBy"); value && !value->text().empty())
      file.executable_by = value->text_in({"owner", "group", "other", "any"});
    add_step("File Existence Test: " + node.require("name").text(), node, std::move(file));
  }

  void content(const YamlNode& node) {
    node.allow({"name", "path", "expectedContents", "excludedContents"});
    ReadStep read;
    read.path = path_of(node);
    if (const auto value = node.find("expectedContents")) read.expect.matches = patterns(*value);
    if (const auto value = node.find("excludedContents")) read.expect.excludes = patterns(*value);
    add_step("File Content Test: " + node.require("name").text(), node, std::move(read));
  }

  void metadata(const YamlNode& node) {
    node.allow({"env", "envVars", "unboundEnvVars", "labels", "exposedPorts", "unexposedPorts", "volumes",
                "unmountedVolumes", "entrypoint", "cmd", "workdir", "user"});
    MetadataStep step;
    const auto take = [&](const char* key, std::vector<MetadataStep::Setting>& into) {
      const auto list = node.find(key);
      for (auto& pair : list ? key_values(*list) : std::vector<KeyValue>{})
        into.push_back({.key = std::move(pair.key), .value = std::move(pair.value)});
    };
    const auto texts = [&](const char* key) {
      const auto list = node.find(key);
      return list ? list->texts() : std::vector<std::string>{};
    };
    take("env", step.env);
    take("envVars", step.env);
    take("labels", step.labels);
    step.exposed_ports = texts("exposedPorts");
    step.unexposed_ports = texts("unexposedPorts");
    step.volumes = texts("volumes");
    step.no_volumes = texts("unmountedVolumes");
    if (const auto value = node.find("entrypoint")) step.entrypoint = value->texts();
    if (const auto value = node.find("cmd")) step.cmd = value->texts();
    if (const auto value = node.find("workdir")) step.workdir = value->text();
    if (const auto value = node.find("user")) step.user = value->text();
    add_step("Metadata Test", node, std::move(step));
  }

  void license(const YamlNode& node) {
    node.allow({"debian", "files"});
    if (const auto value = node.find("debian"); value && value->boolean())
      result_.debian_licenses = origin_of(node);
    const auto files = node.find("files");
    for (const auto& item : files ? files->items() : std::vector<YamlNode>{}) {
      add_step("License Test: " + item.text(), item, license_step(absolute(item)));
    }
  }

 public:
  static ReadStep license_step(std::string path) {
    ReadStep read{.path = std::move(path), .expect = {}};
    for (const auto name : unwanted_licenses)
      read.expect.excludes.push_back(*Pattern::compile(std::string(name)));
    return read;
  }

 private:
  static std::string absolute(const YamlNode& node) {
    auto path = node.text();
    if (!path.starts_with('/')) node.expected("an absolute path");
    return path;
  }
  static std::string path_of(const YamlNode& node) { return absolute(node.require("path")); }

  void add(Probe probe, std::optional<std::size_t> step) {
    result_.tests.push_back(
        {.name = probe.name, .origin = probe.origin, .probe = result_.probes.size(), .step = step});
    result_.probes.push_back(std::move(probe));
  }

  template <typename Action>
  void add_step(const std::string& name, const YamlNode& node, Action action) {
    Step step;
    step.name = name;
    step.origin = origin_of(node);
    step.action = std::move(action);
    result_.tests.push_back({.name = name, .origin = step.origin, .probe = 0, .step = files_.steps.size()});
    files_.steps.push_back(std::move(step));
  }

  const YamlNode& document_;
  bool is_first_version_ = false;
  RunOverrides overrides_;
  Probe files_;
  StructureFile result_;
};

}  // namespace

bool is_structure_file(const YamlNode& document) {
  return document.is_map() && document.find("schemaVersion").has_value();
}

StructureFile parse_structure_file(const YamlNode& document) {
  if (!document.is_map()) document.expected("a map with the key schemaVersion");
  return Parser(document).run();
}

StructureFile read_structure_file(const std::string& file) {
  return parse_structure_file(YamlNode::parse(read_host_file(file, "test file"), file));
}

void add_license_tests(StructureFile& file, const FileTree& tree) {
  if (!file.debian_licenses) return;
  const std::string folder = "/usr/share/doc";
  const auto add = [&file](const std::string& name, const std::string& path) {
    Step step;
    step.name = "License Test: " + name;
    step.origin = *file.debian_licenses;
    step.action = Parser::license_step(path);
    file.tests.push_back(
        {.name = step.name, .origin = step.origin, .probe = 0, .step = file.probes.front().steps.size()});
    file.probes.front().steps.push_back(std::move(step));
  };
  const auto docs = tree.resolve(folder).node;
  const std::size_t before = file.tests.size();
  std::size_t count = 0;
  for (const auto child : docs == no_node ? std::vector<NodeId>{} : tree.node(docs).children) {
    if (!tree.is(child, EntryType::directory) || ++count > packages_cap) continue;
    add(tree.node(child).name, tree.path(child) + "/copyright");
  }
  if (file.tests.size() == before)
    add(folder, folder + "/*/copyright");  // which fails: nothing was looked at
}

std::string failure_of(const StructureTest& test, const Probe& probe, const Observation& observed) {
  if (observed.kind == RunKind::not_started) return "it does not start: " + observed.message;
  if (test.step) {
    return *test.step < observed.answers.size() ? observed.answers[*test.step].unmet : "it was not run";
  }
  if (observed.kind == RunKind::neither) return "it did not end in time";
  if (observed.unproved.empty()) return "";
  // The place is named by the test itself.
  const auto place = probe.origin.text() + ": ";
  return observed.unproved.starts_with(place) ? observed.unproved.substr(place.size()) : observed.unproved;
}

}  // namespace slim
