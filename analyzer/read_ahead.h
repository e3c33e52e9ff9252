// Streams read by a thread of their own, a few blocks ahead of who needs them, so that reading, hashing,
// decompressing and parsing overlap. What is ahead is bounded: memory does not grow with the stream.
#pragma once

#include <cstddef>

#include "analyzer/byte_stream.h"

namespace slim {

/// `inner` as it is, but a thread reads it. What `inner` throws is thrown where a reader without a thread
/// would throw it: behind all the bytes before it. Ending early (destroying the result) stops the thread, and
/// waits for the one read that it is in. That no thread can be started is an Error of kind environment.
BlockReader read_ahead(ByteReader inner);

/// As read_ahead; a second thread fills `facts` (kept alive by the caller), which are there when the empty
/// block at the end was returned.
BlockReader measured_ahead(ByteReader inner, StreamFacts& facts);

}  // namespace slim
