// The real sandbox: containers by an OCI runtime (runc, crun), one path for root and rootless.
#pragma once

#include <memory>
#include <vector>

#include "analyzer/image_contents.h"
#include "runner/container_spec.h"
#include "runner/sandbox.h"

namespace slim {

/// Extracts the image, and companions that run beside it (ContainerStart::image), and makes them ready to
/// run; none is used afterwards. The mounts and limits of `options` hold for all containers of the image; its
/// other overrides are the caller's to apply. Companions have the limits and no mounts. Call it while no
/// other thread runs. Nothing of it remains on the host once it is destroyed, or slim has ended in any way.
/// Throws Error: environment (no runtime, no namespaces, no room), input (bounds, digests).
std::unique_ptr<Sandbox> make_oci_sandbox(ImageContents& image, const RunOptions& options,
                                          const std::vector<ImageContents*>& companions = {});

/// Ends all sandboxes of this process, and waits until nothing of them is left on the host (10 seconds at
/// most: then what is left goes with its janitor, a little later); none can be made afterwards. For whoever
/// ends the process out of order, like discard_all_staged().
void end_all_sandboxes();

}  // namespace slim
