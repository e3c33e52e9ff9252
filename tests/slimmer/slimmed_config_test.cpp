#include <cstdlib>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "analyzer/digest.h"
#include "analyzer/error.h"
#include "analyzer/image.h"
#include "slimmer/layer_parts.h"
#include "slimmer/write_image.h"

namespace slim {
namespace {

using Json = nlohmann::ordered_json;

constexpr const char* full_config = R"({
  "architecture": "arm64", "variant": "v8", "os": "linux", "os.version": "x", "created": "2024-05-06T07:08:09.123Z", "author": "me",
  "docker_version": "20.10", "x-unknown": {"a": [1, null]},
  "config": {"Entrypoint": ["/e", "\u00e9"], "Cmd": null, "Env": ["A=b"], "User": "65532:0", "WorkingDir": "/w",
    "ExposedPorts": {"80/tcp": {}}, "Volumes": {"/v": {}}, "StopSignal": "SIGQUIT", "Shell": ["/bin/sh", "-c"],
    "Healthcheck": {"Test": ["CMD", "/h"], "Interval": 30000000000}, "OnBuild": ["RUN x"], "ArgsEscaped": true,
    "Labels": {"a": "b", "org.opencontainers.image.base.name": "debian:12", "org.opencontainers.image.base.digest": "sha256:old"}},
  "rootfs": {"type": "layers", "diff_ids": ["sha256:1", "sha256:2"]},
  "history": [{"created": "2024-01-01T00:00:00Z", "created_by": "ADD x"}, {"created_by": "ENV A=b", "empty_layer": true},
    {"created_by": "RUN y", "comment": "c"}]
})";

Image original(const std::string& json) {
  Image image;
  image.reference = "docker-archive:/home/someone/nginx.tar";
  image.name = "nginx:1.25";
  image.digest = Digest::of("manifest");
  image.config.json = json;
  image.config.platform = {.os = "linux", .architecture = "amd64", .variant = ""};
  image.layers.resize(2);
  return image;
}

WriteOptions options() {
  WriteOptions all;
  all.tool_version = "1.2.3";
  all.command = "slim build nginx";
  all.verdict = Outcome::same;
  return all;
}

const Digest diff_id = Digest::of("tar");

WrittenLayer layer_of(LayerRole role, std::size_t sources, const Digest& tar) {
  return {.role = role, .sources = sources, .stored = {.tar = {.digest = tar, .size = 1}, .blob = {}}};
}

const std::vector<WrittenLayer> one_layer{layer_of(LayerRole::squashed, 2, diff_id)};

/// Sets SOURCE_DATE_EPOCH for one test.
class SourceDate {
 public:
  explicit SourceDate(const char* value) { setenv("SOURCE_DATE_EPOCH", value, 1); }
  ~SourceDate() { unsetenv("SOURCE_DATE_EPOCH"); }
  SourceDate(const SourceDate&) = delete;
  SourceDate& operator=(const SourceDate&) = delete;
};

TEST(SlimmedConfig, EverythingElseSurvives) {
  Json before = Json::parse(full_config);
  Json after = Json::parse(slimmed_config(original(full_config), one_layer, options()));
  for (Json* config : {&before, &after}) {
    config->erase("rootfs");
    config->erase("history");
    (*config)["config"].erase("Labels");
  }
  EXPECT_EQ(after.dump(), before.dump());
}

TEST(SlimmedConfig, HasTheOneLayer) {
  const Json after = Json::parse(slimmed_config(original(full_config), one_layer, options()));
  EXPECT_EQ(after["rootfs"], (Json{{"type", "layers"}, {"diff_ids", Json::array({diff_id.text()})}}));
}

TEST(SlimmedConfig, HistoryKeepsTheStepsAndTellsWhatWasDone) {
  const Json history = Json::parse(slimmed_config(original(full_config), one_layer, options()))["history"];
  ASSERT_EQ(history.size(), 4U);
  for (std::size_t i = 0; i < 3; ++i) EXPECT_EQ(history[i]["empty_layer"], true) << i;
  EXPECT_EQ(history[2]["comment"], "c");
  EXPECT_EQ(history[3]["created_by"], "slim build nginx");
  EXPECT_EQ(history[3]["comment"], "slim 1.2.3: one layer with what is needed of 2 layers");
  EXPECT_EQ(history[3]["created"], "2024-05-06T07:08:09.123Z");
  EXPECT_FALSE(history[3].contains("empty_layer"));
}

TEST(SlimmedConfig, BaseAndApplicationHaveALayerAndAStepEach) {
  const Digest upper = Digest::of("upper");
  const std::vector<WrittenLayer> layers{layer_of(LayerRole::base, 1, diff_id),
                                         layer_of(LayerRole::app, 3, upper)};
  const Json after = Json::parse(slimmed_config(original(full_config), layers, options()));
  EXPECT_EQ(after["rootfs"]["diff_ids"], Json::array({diff_id.text(), upper.text()}));
  ASSERT_EQ(after["history"].size(), 5U);
  EXPECT_EQ(after["history"][3]["comment"], "slim 1.2.3: what is needed of the base image's 1 layer");
  EXPECT_EQ(after["history"][4]["comment"],
            "slim 1.2.3: what is needed of the 3 layers on top of the base image");
  EXPECT_FALSE(after["history"][4].contains("empty_layer"));
}

TEST(SlimmedConfig, LabelsNameTheSourceAndTheVerdict) {
  const Json labels =
      Json::parse(slimmed_config(original(full_config), one_layer, options()))["config"]["Labels"];
  const std::string digest = Digest::of("manifest").text();
  EXPECT_EQ(labels, (Json{{"a", "b"},
                          {"org.opencontainers.image.base.digest", digest},
                          {"dev.slim.source.digest", digest},
                          {"org.opencontainers.image.base.name", "nginx:1.25"},
                          {"dev.slim.version", "1.2.3"},
                          {"dev.slim.verdict", "same"}}));
}

TEST(SlimmedConfig, NeverNamesAPathOfThisMachine) {
  Image image = original(full_config);
  image.name.clear();
  const std::string after = slimmed_config(image, one_layer, options());
  EXPECT_EQ(after.find("base.name"), std::string::npos);
  EXPECT_EQ(after.find("/home/someone"), std::string::npos);
}

TEST(SlimmedConfig, TheTimeIsTheSourcesOrWhatTheEnvironmentSays) {
  EXPECT_EQ(Json::parse(slimmed_config(original(full_config), one_layer, options()))["created"],
            "2024-05-06T07:08:09.123Z");
  const SourceDate date("1700000000");
  const Json after = Json::parse(slimmed_config(original(full_config), one_layer, options()));
  EXPECT_EQ(after["created"], "2023-11-14T22:13:20Z");
  EXPECT_EQ(after["history"][3]["created"], "2023-11-14T22:13:20Z");
}

TEST(SlimmedConfig, ASourceDateThatIsNoNumberIsAUsageError) {
  for (const char* value : {"", "yesterday", "1e9", "-1", "99999999999999999999"}) {
    const SourceDate date(value);
    try {
      slimmed_config(original(full_config), one_layer, options());
      ADD_FAILURE() << "took " << value;
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::usage);
    }
  }
}

TEST(SlimmedConfig, ASparseConfigBecomesAWholeOne) {
  for (const char* sparse : {"", "{}", R"({"config": null, "history": null, "created": null})",
                             R"({"config": {"Labels": null}})"}) {
    const Json after = Json::parse(slimmed_config(original(sparse), one_layer, options()));
    EXPECT_EQ(after["architecture"], "amd64") << sparse;
    EXPECT_EQ(after["os"], "linux") << sparse;
    EXPECT_EQ(after["history"].size(), 1U) << sparse;
    EXPECT_FALSE(after["history"][0].contains("created")) << sparse;
    EXPECT_EQ(after["config"]["Labels"]["dev.slim.version"], "1.2.3") << sparse;
  }
}

}  // namespace
}  // namespace slim
