// Documents that are attached to an image in its registry (OCI distribution-spec 1.1, "Listing Referrers").
#pragma once

#include <optional>
#include <string>

#include "analyzer/digest.h"
#include "analyzer/image_ref.h"

namespace slim {

inline constexpr const char* report_type = "application/vnd.dev.slim.report.v1+json";

/// Attaches `text`, a document of the media type `type`, to the image whose manifest is `subject` in the
/// repository of `image` (docker://). A registry that keeps no list of what refers to an image gets one under
/// the tag that the specification gives for it. Returns the digest of the manifest that holds the document.
Digest attach_document(const ImageRef& image, const Digest& subject, const std::string& type,
                       const std::string& text);

/// The document of `type` that was attached last; nothing where none was.
std::optional<std::string> attached_document(const ImageRef& image, const Digest& subject,
                                             const std::string& type);

}  // namespace slim
