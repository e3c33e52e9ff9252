// user_namespaces(7) and subuid(5). Where the caller is root the maps are written directly; an unprivileged
// caller needs newuidmap(1) and newgidmap(1), which are setuid and check the ranges of /etc/subuid and
// /etc/subgid. Without them one id can still be mapped: the caller's own.
#include "runner/id_map.h"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdint>
#include <fcntl.h>
#include <fstream>
#include <iterator>
#include <optional>
#include <pwd.h>
#include <string>
#include <string_view>
#include <system_error>
#include <unistd.h>
#include <vector>

#include "analyzer/error.h"
#include "analyzer/spawn.h"
#include "analyzer/unique_fd.h"

namespace slim {
namespace {

constexpr std::uint32_t high_base = 1U << 30;
constexpr std::uint32_t high_count = 1U << 24;

std::string read_small_file(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::optional<std::uint32_t> parse_number(std::string_view text) {
  std::uint32_t value = 0;
  const auto result = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || result.ec != std::errc{} || result.ptr != text.data() + text.size())
    return std::nullopt;
  return value;
}

std::vector<std::string_view> fields_of(std::string_view line, std::string_view separators) {
  std::vector<std::string_view> fields;
  while (true) {
    const auto begin = line.find_first_not_of(separators);
    if (begin == std::string_view::npos) return fields;
    const auto end = std::min(line.find_first_of(separators, begin), line.size());
    fields.push_back(line.substr(begin, end - begin));
    line.remove_prefix(end);
  }
}

template <typename Visit>
void each_line(std::string_view text, Visit&& visit) {
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size());
    visit(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
}

bool covers(const std::vector<IdRange>& ranges, std::uint32_t id) {
  return std::ranges::any_of(
      ranges, [id](const IdRange& range) { return id >= range.inside && id - range.inside < range.count; });
}

/// The caller's own id as 0, then the subordinate ranges one behind the other.
std::vector<IdRange> stack_ranges(std::uint32_t own, const std::vector<IdRange>& subordinate) {
  std::vector<IdRange> ranges{{.inside = 0, .outside = own, .count = 1}};
  std::uint32_t next = 1;
  for (const auto& range : subordinate) {
    const auto count = std::min(range.count, UINT32_MAX - next);
    if (count == 0) break;
    ranges.push_back({.inside = next, .outside = range.outside, .count = count});
    next += count;
  }
  return ranges;
}

std::string user_name(uid_t uid) {
  const passwd* entry = ::getpwuid(uid);
  return entry != nullptr ? entry->pw_name : std::to_string(uid);
}

std::string map_text(const std::vector<IdRange>& ranges) {
  std::string text;
  for (const auto& range : ranges) {
    text += std::to_string(range.inside) + " " + std::to_string(range.outside) + " " +
            std::to_string(range.count) + "\n";
  }
  return text;
}

void write_proc_file(pid_t pid, const std::string& name, const std::string& text) {
  const auto path = "/proc/" + std::to_string(pid) + "/" + name;
  const UniqueFd fd(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
  if (!fd) throw system_error("user namespace", "opening " + path, errno);
  if (::write(fd.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size())) {
    throw system_error("user namespace", "writing " + path, errno);
  }
}

void run_map_tool(const std::string& tool, pid_t pid, const std::vector<IdRange>& ranges) {
  std::vector<std::string> argv{tool, std::to_string(pid)};
  for (const auto& range : ranges) {
    for (const auto number : {range.inside, range.outside, range.count})
      argv.push_back(std::to_string(number));
  }
  const auto result = run_and_capture(argv);
  if (!result.status.success()) {
    throw Error(ErrorKind::environment, "user namespace", tool + " failed: " + result.output,
                "give your user a range of its own in /etc/subuid and /etc/subgid (usermod --add-subuids)");
  }
}

}  // namespace

bool IdPlan::maps_user(std::uint32_t id) const {
  return covers(users, id);
}
bool IdPlan::maps_group(std::uint32_t id) const {
  return covers(groups, id);
}

std::vector<IdRange> parse_subordinate_ids(std::string_view text, std::string_view user, std::uint32_t uid) {
  std::vector<IdRange> ranges;
  const auto number = std::to_string(uid);
  each_line(text, [&](std::string_view line) {
    const auto fields = fields_of(line, ":");
    if (fields.size() != 3 || (fields[0] != user && fields[0] != number)) return;
    const auto start = parse_number(fields[1]);
    const auto count = parse_number(fields[2]);
    if (start && count && *count > 0 && *start > 0 && ranges.size() < 16) {
      ranges.push_back({.inside = 0, .outside = *start, .count = *count});
    }
  });
  return ranges;
}

std::optional<IdRange> range_for_root(std::string_view text) {
  std::optional<IdRange> best;
  each_line(text, [&](std::string_view line) {
    const auto fields = fields_of(line, " \t");
    if (fields.size() != 3) return;
    auto first = parse_number(fields[0]);
    auto count = parse_number(fields[2]);
    if (!first || !count || *count == 0) return;
    if (*first <= high_base && *count >= high_count && high_base - *first <= *count - high_count) {
      best = {.inside = 0, .outside = high_base, .count = high_count};
      return;
    }
    if (*first == 0) {  // never the root of the surrounding namespace
      ++*first;
      --*count;
    }
    if (*count > 0 && (!best || (best->outside != high_base && *count > best->count))) {
      best = {.inside = 0, .outside = *first, .count = std::min(*count, high_count)};
    }
  });
  return best;
}

IdPlan plan_ids() {
  IdPlan plan;
  if (::geteuid() == 0) {
    const auto users = range_for_root(read_small_file("/proc/self/uid_map"));
    const auto groups = range_for_root(read_small_file("/proc/self/gid_map"));
    if (users && groups) {
      plan.users = {*users};
      plan.groups = {*groups};
      plan.privileged = true;
      return plan;
    }
  }
  const auto uid = ::geteuid();
  const auto name = user_name(uid);
  const auto users = parse_subordinate_ids(read_small_file("/etc/subuid"), name, uid);
  const auto groups = parse_subordinate_ids(read_small_file("/etc/subgid"), name, uid);
  const bool tools = !find_program("newuidmap").empty() && !find_program("newgidmap").empty();
  if (!tools || users.empty() || groups.empty()) {
    plan.own_id_only = true;
    plan.note = tools ? "no subordinate ids for " + name + " in /etc/subuid and /etc/subgid"
                      : "newuidmap and newgidmap are not installed";
    plan.users = stack_ranges(uid, {});
    plan.groups = stack_ranges(::getegid(), {});
    return plan;
  }
  plan.users = stack_ranges(uid, users);
  plan.groups = stack_ranges(::getegid(), groups);
  return plan;
}

void write_id_maps(pid_t pid, const IdPlan& plan) {
  if (plan.privileged || plan.own_id_only) {
    if (plan.own_id_only) write_proc_file(pid, "setgroups", "deny");
    write_proc_file(pid, "uid_map", map_text(plan.users));
    write_proc_file(pid, "gid_map", map_text(plan.groups));
    return;
  }
  run_map_tool("newuidmap", pid, plan.users);
  run_map_tool("newgidmap", pid, plan.groups);
}

}  // namespace slim
