#include "analyzer/image.h"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/analyzer/error_matcher.h"

namespace slim {
namespace {

using test::expect_input_error;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;

const std::string diff_id = "sha256:" + std::string(64, 'a');

TEST(ImageConfig, AllThatSlimUsesIsRead) {
  const std::string json =
      R"({"architecture":"arm64","os":"linux","variant":"v8","created":"2024-01-01T00:00:00Z",
    "config":{"Entrypoint":["/e"],"Cmd":["c","d"],"Env":["PATH=/bin","EMPTY="],"User":"1:2","WorkingDir":"/w",
      "ExposedPorts":{"80/tcp":{},"53/udp":{}},"Volumes":{"/data":{}},"Labels":{"a":"b"},"Shell":["/bin/sh","-c"],
      "StopSignal":"SIGQUIT","Healthcheck":{"Test":["CMD","/check"],"Interval":1},"OnBuild":["RUN x"]},
    "history":[{"created":"t","created_by":"ADD","comment":"c"},{"empty_layer":true}],
    "rootfs":{"type":"layers","diff_ids":[")" +
      diff_id + R"("]},"unknown":[1]})";
  const ImageConfig config = parse_image_config(json, "config");
  EXPECT_EQ(config.platform.text(), "linux/arm64/v8");
  EXPECT_THAT(config.entrypoint, ElementsAre("/e"));
  EXPECT_THAT(config.cmd, ElementsAre("c", "d"));
  EXPECT_EQ(config.user, "1:2");
  EXPECT_EQ(config.working_dir, "/w");
  EXPECT_THAT(config.exposed_ports, ElementsAre("53/udp", "80/tcp"));
  EXPECT_THAT(config.volumes, ElementsAre("/data"));
  EXPECT_THAT(config.labels, ElementsAre(Pair("a", "b")));
  EXPECT_THAT(config.shell, ElementsAre("/bin/sh", "-c"));
  EXPECT_EQ(config.stop_signal, "SIGQUIT");
  ASSERT_TRUE(config.healthcheck);
  EXPECT_THAT(config.healthcheck->test, ElementsAre("CMD", "/check"));
  ASSERT_EQ(config.history.size(), 2U);
  EXPECT_EQ(config.history[0].created_by, "ADD");
  EXPECT_TRUE(config.history[1].empty_layer);
  ASSERT_EQ(config.diff_ids.size(), 1U);
  EXPECT_EQ(config.diff_ids[0].text(), diff_id);
  EXPECT_EQ(config.json, json);
  EXPECT_EQ(env_value(config, "PATH"), "/bin");
  EXPECT_EQ(env_value(config, "EMPTY"), "");
  EXPECT_EQ(env_value(config, "PAT"), std::nullopt);
}

TEST(ImageConfig, NullsAndMissingKeysAreEmpty) {
  const ImageConfig config = parse_image_config(
      R"({"config":{"Entrypoint":null,"Env":null,"Volumes":null,"Labels":null,"Healthcheck":null},"history":null,"rootfs":null})",
      "config");
  EXPECT_THAT(config.entrypoint, IsEmpty());
  EXPECT_THAT(config.volumes, IsEmpty());
  EXPECT_FALSE(config.healthcheck);
  EXPECT_THAT(parse_image_config("{}", "config").diff_ids, IsEmpty());
}

TEST(ImageConfig, AWrongTypeNamesTheKeyAndWhatWasExpected) {
  const auto parse = [](const char* json) { return [json] { parse_image_config(json, "c.json"); }; };
  expect_input_error(parse(R"({"config":{"Env":"A=b"}})"),
                     "c.json: config.Env: expected a list of strings, found string");
  expect_input_error(parse(R"({"config":{"Cmd":["a",1]}})"),
                     "c.json: config.Cmd[1]: expected a string, found number");
  expect_input_error(parse(R"({"config":[]})"), "c.json: config: expected an object, found array");
  expect_input_error(parse(R"({"config":{"Labels":{"a":1}}})"),
                     "c.json: config.Labels.a: expected a string, found number");
  expect_input_error(parse(R"({"history":[{},{"empty_layer":"x"}]})"),
                     "c.json: history[1].empty_layer: expected true or false");
  expect_input_error(parse(R"({"rootfs":{"type":"disk"}})"),
                     "c.json: rootfs.type: expected 'layers', found 'disk'");
  expect_input_error(parse(R"({"rootfs":{"diff_ids":["sha256:1"]}})"),
                     "c.json: rootfs.diff_ids[0]: 'sha256:1' is not a digest");
  expect_input_error(parse("[]"), "c.json: expected an object, found array");
}

TEST(ImageConfig, WhatIsNoJsonNamesThePlace) {
  expect_input_error([] { parse_image_config("{\n  \"a\": }", "c.json"); },
                     "c.json: line 2, column 8: not valid JSON");
  expect_input_error([] { parse_image_config("", "c.json"); }, "c.json: line 1, column 1: not valid JSON");
  expect_input_error([] { parse_image_config(std::string(1'000'000, '['), "c.json"); },
                     "c.json: nested deeper than 100");
}

}  // namespace
}  // namespace slim
