// Other containers that a probe wants beside the image: its database, its cache.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "analyzer/image.h"
#include "runner/container_spec.h"
#include "runner/probe.h"
#include "runner/sandbox.h"

namespace slim {

/// A service that a sandbox can start: its image is one of the sandbox's companions.
struct ServiceStart {
  std::string name;    ///< its name in /etc/hosts of all containers of the run
  unsigned image = 1;  ///< which companion
  ImageConfig config;  ///< overrides applied
  std::vector<BindMount> mounts;
  std::vector<TmpfsMount> tmpfs;
  Ready ready;  ///< without conditions: its exposed ports, or that it has fallen silent
};

/// The services of one run, ready. Destroy them after the container that uses them.
class RunningServices {
 public:
  /// Starts them in their order, each once the one before is ready. One that does not get ready is an input
  /// Error that says what it wrote last.
  RunningServices(Sandbox& sandbox, const std::vector<ServiceStart>& services, Container::Deadline deadline);

  /// Puts a container into their network, where they are reached by their names.
  void join(ContainerStart& start) const;

 private:
  std::vector<std::unique_ptr<Container>> containers_;
  std::vector<std::string> names_;
};

}  // namespace slim
