// Blobs and manifests into a registry (OCI distribution-spec 1.1, "Push").
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "analyzer/byte_stream.h"
#include "analyzer/digest.h"
#include "analyzer/http_client.h"
#include "analyzer/registry_client.h"

namespace slim {

/// A blob that can be read from any place, more than once.
struct UploadBlob {
  Digest digest;
  std::uint64_t size = 0;  ///< bytes
  std::function<ByteReader(std::uint64_t offset, std::uint64_t length)> bytes;
};

/// That we may push there: an upload is begun and given up. Else an Error of kind environment.
void check_may_push(RegistryClient& client);

/// Uploads a blob unless the registry has it. `mounts_from`: a repository of the same registry that may have
/// it, from which it is taken then; may be empty. What breaks off is begun again while tries are left.
void upload_blob(RegistryClient& client, const UploadBlob& blob, const std::string& mounts_from = {});

/// Puts a manifest or an index under `reference`: its own digest or a tag. Returns the answer's headers.
HttpHeaders put_manifest(RegistryClient& client, const std::string& reference, const std::string& media_type,
                         const std::string& text);

}  // namespace slim
