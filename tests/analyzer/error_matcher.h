// What an Error that is expected says.
#pragma once

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "analyzer/error.h"

namespace slim::test {

struct Failure {
  bool thrown = false;
  ErrorKind kind = ErrorKind::usage;
  std::string text;
  std::string hint;
};

template <typename Action>
Failure failure_of(Action&& action) {
  try {
    action();
  } catch (const Error& error) {
    return {.thrown = true, .kind = error.kind(), .text = error.what(), .hint = error.hint()};
  }
  return {};
}

/// `action` must throw an input Error that holds `part`.
template <typename Action>
void expect_input_error(Action&& action, const std::string& part) {
  const Failure failure = failure_of(action);
  EXPECT_TRUE(failure.thrown) << "nothing was thrown; expected: " << part;
  if (!failure.thrown) return;
  EXPECT_EQ(failure.kind, ErrorKind::input) << failure.text;
  EXPECT_THAT(failure.text, testing::HasSubstr(part));
}

}  // namespace slim::test
