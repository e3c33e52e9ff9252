#include "cli/answer_secrets.h"

#include <gtest/gtest.h>

#include "runner/verdict.h"

namespace slim {
namespace {

TEST(AnswerSecrets, ValuesAreHiddenByTheirNames) {
  EXPECT_EQ(redacted_answer("DB_PASSWORD=hunter2 and more"), "DB_PASSWORD=*** and more");
  EXPECT_EQ(redacted_answer("Authorization: Bearer abc\nHost: x"), "Authorization: ***\nHost: x");
  EXPECT_EQ(redacted_answer(R"({"user": "me", "api-token": "t0p", "n": 1})"),
            R"({"user": "me", "api-token": "***", "n": 1})");
  EXPECT_EQ(redacted_answer("password: a, user: b"), "password: ***, user: b");
  EXPECT_EQ(redacted_answer("see postgres://me:secret@db/x"), "see ***");
}

TEST(AnswerSecrets, WhatIsNoneStaysAsItIs) {
  for (const auto* text :
       {"", "\n", "a: b\n\nc", "token", "password:", "GET / on port 80: status", "12:30:00"})
    EXPECT_EQ(redacted_answer(text), text);
}

TEST(AnswerSecrets, AVerdictCanBeShown) {
  Verdict verdict;
  verdict.reason = "the slimmed image differs: token: abc";
  Difference cookie;
  cookie.what = "GET / on port 80: header Set-Cookie";
  cookie.original = "session=1";
  Difference body;
  body.what = "GET / on port 80: body";
  body.original = "secret: one";
  body.slimmed = "plain";
  verdict.differences = {cookie, body};
  const auto shown = redacted_verdict(verdict);
  EXPECT_EQ(shown.reason, "the slimmed image differs: token: ***");
  EXPECT_EQ(shown.differences[0].original, "***");
  EXPECT_EQ(shown.differences[0].slimmed, "");
  EXPECT_EQ(shown.differences[1].original, "secret: ***");
  EXPECT_EQ(shown.differences[1].slimmed, "plain");
}

}  // namespace
}  // namespace slim
