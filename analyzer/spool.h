// A stream that has to be read at random, kept for that in a file without a name: it is gone with its
// descriptor, whatever ends the process.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "analyzer/byte_stream.h"
#include "analyzer/unique_fd.h"

namespace slim {

/// Where large temporary files belong: $TMPDIR where it is an absolute path, else /var/tmp.
std::string temporary_folder();

/// The whole of `stream` in an unnamed file in temporary_folder(), its offset at the start. `what` is for
/// messages. At least `expected` bytes will come (0: nothing is known): a file system without as much room is
/// an Error of kind environment before anything is read, and one that is full later is the same Error. A
/// stream of more than 64 GiB is an input Error.
UniqueFd spool(ByteReader stream, const std::string& what, std::uint64_t expected = 0);

}  // namespace slim
