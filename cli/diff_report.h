// What `slim diff` found out, for people and for machines (schema/diff.schema.json).
#pragma once

#include <ostream>

#include "analyzer/image_contents.h"
#include "analyzer/image_diff.h"
#include "cli/terminal.h"

namespace slim {

struct DiffReport {
  const ImageContents* a = nullptr;  ///< both must outlive the report
  const ImageContents* b = nullptr;
  ImageDiff diff;
  DiffOptions options;
  bool all = false;  ///< text: every path, and no folder stands for what is in it
  bool show_secrets = false;
};

void render_diff(const DiffReport& report, const TextStyle& style, std::ostream& out);
void render_diff_json(const DiffReport& report, std::ostream& out);

}  // namespace slim
