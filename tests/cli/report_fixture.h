// A report of a small image whose names are hostile, and a verdict whose answers are.
#pragma once

#include <memory>
#include <sstream>
#include <string>
#include <utility>

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "analyzer/digest.h"
#include "analyzer/findings.h"
#include "analyzer/image_ref.h"
#include "cli/gate_result.h"
#include "cli/report.h"
#include "runner/verdict.h"
#include "slimmer/analysis.h"
#include "tests/analyzer/image_builder.h"
#include "tests/analyzer/tar_builder.h"
#include "tests/analyzer/temporary_folder.h"

namespace slim::test {

inline const std::string evil_name = "opt/\x1b[31mevil\n::error::x";

/// An image with a script as its program, a package, a hard link, a hidden file and names that are hostile.
class ReportTest : public testing::Test {
 protected:
  ReportTest() {
    const std::string base =
        TarBuilder()
            .folder("bin")
            .file("bin/sh", "no ELF", 0755)
            .folder("app")
            .file("app/start", "#!/bin/sh\necho\n", 0755)
            .folder("opt")
            .file(evil_name, std::string(5000, 'x'))
            .hardlink("opt/again", evil_name)
            .file("opt/latin-\xe9", "not UTF-8")
            .file("opt/hidden", std::string(700, 'x'))
            .folder("var/lib/dpkg/info")
            .file("var/lib/dpkg/status", "Package: app\nStatus: install ok installed\nVersion: 1.0\n\n")
            .file("var/lib/dpkg/info/app.list", "/app/start\n/opt/again\n")
            .str();
    const std::string top = TarBuilder().file("opt/.wh.hidden", "").str();
    const std::string config = fmt::format(
        R"({{"os":"linux","architecture":"amd64","config":{{"Entrypoint":["/app/start"],)"
        R"("Env":["DB_PASSWORD=hunter2","MODE=fast"],)"
        R"("Labels":{{"api-token":"hunter2","maintainer":"somebody"}}}},)"
        R"("history":[{{"created_by":"ADD \u001b[2Jbase"}},{{"created_by":"RUN |1 TOKEN=hunter2 rm"}}],)"
        R"("rootfs":{{"type":"layers","diff_ids":{}}}}})",
        quoted_list({Digest::of(base).text(), Digest::of(top).text()}));
    Layout layout;
    const std::string layers = layout.blob(oci_layer_type, base) + "," + layout.blob(oci_layer_type, top);
    const std::string manifest =
        fmt::format(R"({{"schemaVersion":2,"mediaType":"{}","config":{},"layers":[{}]}})", oci_manifest_type,
                    layout.blob("application/vnd.oci.image.config.v1+json", config), layers);
    layout.index({layout.blob(oci_manifest_type, manifest, name_member("app:1"))});
    layout.write(folder_);
    analysis_ = analyze(parse_image_ref("oci:" + folder_.path()), {});
    report_ = make_report(*analysis_);
  }

  [[nodiscard]] std::string json_text() const {
    std::ostringstream out;
    render_json(report_, out);
    return out.str();
  }
  [[nodiscard]] nlohmann::json parsed() const { return nlohmann::json::parse(json_text()); }
  [[nodiscard]] std::string text() const {
    std::ostringstream out;
    render_text(report_, {.colour = false, .width = 100}, out);
    return out.str();
  }

  TemporaryFolder folder_;
  std::unique_ptr<Analysis> analysis_;
  Report report_;
};

/// Of one probe that differs, with texts that are hostile.
inline Verdict different_verdict() {
  Verdict verdict;
  verdict.outcome = Outcome::different;
  verdict.reason = "the \x1b[31mreason";
  verdict.probes.push_back({.name = "run",
                            .outcome = Outcome::different,
                            .summary = "exits with 1",
                            .note = "a note",
                            .noise = {}});
  Difference difference;
  difference.probe = "run";
  difference.what = "standard output";
  difference.diff = "-ok\n+::error::bad\x1b[2J\n ::warning::same\n";
  difference.causes = {"/usr/lib/x\n"};
  verdict.differences.push_back(difference);
  return verdict;
}

inline Verdict verdict_of(Outcome outcome, std::string reason = {}) {
  Verdict verdict;
  verdict.outcome = outcome;
  verdict.reason = std::move(reason);
  return verdict;
}

inline GateCheck check_of(std::string rule, bool passed, std::string message) {
  GateCheck check;
  check.rule = std::move(rule);
  check.passed = passed;
  check.message = std::move(message);
  return check;
}

inline Finding finding_of(std::string id, Severity severity, std::string path, std::string message) {
  Finding finding;
  finding.id = std::move(id);
  finding.severity = severity;
  finding.path = std::move(path);
  finding.layer = 0;
  finding.message = std::move(message);
  return finding;
}

}  // namespace slim::test
