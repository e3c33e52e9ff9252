// A plain root file system, a folder or a tar of one, as an image of one layer with an empty config.
#pragma once

#include <string>

#include "analyzer/byte_stream.h"
#include "analyzer/image.h"
#include "analyzer/image_ref.h"
#include "analyzer/platform.h"

namespace slim {

/// The image of a rootfs: reference; its platform is `wanted` or the host's, for nothing in it says; the
/// layer has no digests. `digest` is empty: there is no manifest.
Image rootfs_image(const ImageRef& ref, const Platform* wanted);

/// A tar of the folder `path`, made as it is read: pax format, the root first, names in byte order, hard
/// links, owners, times and xattrs kept (not security.selinux and trusted.overlay.*, which belong to this
/// machine). Sockets are left out; a folder that another file system is mounted on is taken as empty. Equal
/// folders give equal bytes. A file that changes while it is read is an input Error.
ByteReader folder_tar(const std::string& path);

}  // namespace slim
