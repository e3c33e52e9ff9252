// All containers of a run share one network namespace, that of the first service, and so one loopback: a
// service is reached at 127.0.0.1 by its name and by every other's. Two that want the same port cannot run.
#include "runner/services.h"

#include <cstddef>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "analyzer/error.h"
#include "runner/expect.h"
#include "runner/observe.h"
#include "runner/probe.h"
#include "runner/readiness.h"
#include "runner/sandbox.h"

namespace slim {
namespace {

constexpr std::size_t said_length = 400;

/// The end of what it wrote: errors first, since most programs complain there.
std::string last_words(Container& container) {
  auto text = container.output(OutputStream::standard_error).text;
  if (text.empty()) text = container.output(OutputStream::standard_output).text;
  while (text.ends_with('\n')) text.pop_back();
  if (text.size() > said_length) text.erase(0, text.size() - said_length);
  return text.empty() ? "" : "; it wrote " + quoted(text);
}

Ready readiness_of(const ServiceStart& service) {
  Ready ready = service.ready;
  if (!ready.all.empty()) return ready;
  for (const auto port : exposed_tcp_ports(service.config.exposed_ports))
    ready.all.emplace_back(ReadyPort{port});
  return ready;
}

}  // namespace

RunningServices::RunningServices(Sandbox& sandbox, const std::vector<ServiceStart>& services,
                                 Container::Deadline deadline) {
  for (const auto& service : services) names_.push_back(service.name);
  for (const auto& service : services) {
    ContainerStart start;
    start.image = service.image;
    start.config = service.config;
    start.hostname = service.name;
    start.mounts = service.mounts;
    start.tmpfs = service.tmpfs;
    join(start);
    auto container = sandbox.start(start);
    if (!container) {
      throw Error(ErrorKind::input, "service " + service.name,
                  "it does not start: " + container.error().message);
    }
    containers_.push_back(std::move(*container));
    const auto result = wait_until_ready(*containers_.back(), readiness_of(service), deadline);
    if (result.state == ReadyState::ready) continue;
    const auto why =
        result.state == ReadyState::ended ? "it ended before it was ready" : "it is not ready in time";
    throw Error(ErrorKind::input, "service " + service.name,
                fmt::format("{}: {} did not come{}", why, result.missing, last_words(*containers_.back())),
                "say with ready: in the probe file when it is, or what it needs with env:");
  }
}

void RunningServices::join(ContainerStart& start) const {
  if (!containers_.empty()) start.network_of = containers_.front().get();
  start.host_names.insert(start.host_names.end(), names_.begin(), names_.end());
}

}  // namespace slim
