#include "cli/gate_facts.h"

#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "analyzer/digest.h"
#include "analyzer/image.h"

namespace slim {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

/// As slim writes it, for an image of one layer.
ImageConfig proved() {
  ImageConfig config;
  config.labels = {{"dev.slim.verdict", "same"}, {"dev.slim.version", "0.1.0"}};
  config.history = {{.created = {}, .created_by = "ADD base", .comment = {}, .empty_layer = true},
                    {.created = {},
                     .created_by = "slim build --profile balanced",
                     .comment = "slim 0.1.0: one layer",
                     .empty_layer = false}};
  config.diff_ids = {Digest::of("layer")};
  return config;
}

TEST(GateFacts, WhatSlimProvedIsProved) {
  EXPECT_THAT(why_unproved(proved()), IsEmpty());
}

TEST(GateFacts, AnImageWithoutTheLabelOrWithAnotherVerdictIsNot) {
  ImageConfig config = proved();
  config.labels["dev.slim.verdict"] = "not-run";
  EXPECT_THAT(why_unproved(config), HasSubstr("verdict on it is not-run"));
  config.labels.erase("dev.slim.verdict");
  EXPECT_THAT(why_unproved(config), HasSubstr("slim did not build it"));
  EXPECT_THAT(why_unproved({}), HasSubstr("slim did not build it"));
}

TEST(GateFacts, AnImageBuiltOnTopOfAProvedOneInheritsTheLabelInVain) {
  ImageConfig config = proved();
  config.history.push_back(
      {.created = {}, .created_by = "ENV A=b", .comment = "buildkit", .empty_layer = true});
  EXPECT_THAT(why_unproved(config), HasSubstr("built on top"));
  config = proved();
  config.history.push_back({.created = {}, .created_by = "COPY . .", .comment = {}, .empty_layer = false});
  config.diff_ids.push_back(Digest::of("more"));
  EXPECT_THAT(why_unproved(config), HasSubstr("built on top"));
}

TEST(GateFacts, EveryLayerIsToBeSlims) {
  ImageConfig config = proved();
  config.diff_ids.push_back(Digest::of("more"));
  EXPECT_THAT(why_unproved(config), HasSubstr("slim made 1 of its 2 layers"));
  config.history.clear();
  EXPECT_THAT(why_unproved(config), HasSubstr("built on top"));
}

TEST(GateFacts, TheVersionIsToBeThatOfTheLabel) {
  ImageConfig config = proved();
  config.labels["dev.slim.version"] = "0.2.0";
  EXPECT_THAT(why_unproved(config), HasSubstr("built on top"));
}

}  // namespace
}  // namespace slim
