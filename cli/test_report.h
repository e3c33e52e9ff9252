// What the tests of an image came to, for people, programs and CI services.
#pragma once

#include <cstddef>
#include <cstdint>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

#include "cli/terminal.h"
#include "runner/probe.h"

namespace slim {

struct TestResult {
  std::string name;
  Origin origin;
  std::string failure;  ///< hostile text; empty where it passed
  double seconds = 0;   ///< 0: it shared its container with others
};

struct TestReport {
  std::string image;
  std::vector<TestResult> results;
  [[nodiscard]] std::size_t failed() const;
};

enum class TestFormat : std::uint8_t { text, json, junit };

/// Throws an Error of kind usage.
TestFormat test_format_of(std::string_view name);

void render_test_report(const TestReport& report, TestFormat format, const TextStyle& style,
                        std::ostream& out);

}  // namespace slim
