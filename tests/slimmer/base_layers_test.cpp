#include "slimmer/base_layers.h"

#include <cstddef>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "analyzer/image.h"

namespace slim {
namespace {

HistoryEntry layer(const std::string& created_by, const std::string& created = "2025-01-01T00:00:00Z") {
  return {.created = created, .created_by = created_by, .comment = "", .empty_layer = false};
}

HistoryEntry step(const std::string& created_by) {
  return {.created = "2025-01-01T00:00:00Z", .created_by = created_by, .comment = "", .empty_layer = true};
}

std::size_t base_of(std::size_t layers, const std::vector<HistoryEntry>& history) {
  Image image;
  image.layers.resize(layers);
  image.config.history = history;
  const BaseLayers found = find_base_layers(image);
  EXPECT_FALSE(found.because.empty());
  return found.count;
}

TEST(BaseLayers, AStartCommandThatLayersFollowEndsTheBase) {
  EXPECT_EQ(
      base_of(3, {layer("/bin/sh -c #(nop) ADD file:1 in / "), step("/bin/sh -c #(nop)  CMD [\"bash\"]"),
                  layer("/bin/sh -c apt-get install"), layer("COPY . /app"), step("CMD [\"app\"]")}),
      1U);
  EXPECT_EQ(base_of(2, {layer("ADD rootfs.tar / # buildkit"), step("ENTRYPOINT [\"/x\"]"), layer("RUN y")}),
            1U);
}

TEST(BaseLayers, TheLastSuchStepCounts) {
  EXPECT_EQ(base_of(4, {layer("ADD a /"), step("CMD [\"bash\"]"), step("ENV PATH=/x"), layer("RUN python"),
                        layer("RUN pip"), step("CMD [\"python3\"]"), layer("COPY . /app"),
                        step("CMD [\"python3\" \"app.py\"]")}),
            3U);
}

TEST(BaseLayers, AStartCommandWithoutLayersBelowOrAboveSaysNothing) {
  const std::string other = "2025-01-02T00:00:00Z";
  EXPECT_EQ(base_of(2, {step("CMD [\"x\"]"), layer("ADD a /"), layer("RUN y", other), step("CMD [\"y\"]")}),
            1U);
  EXPECT_EQ(base_of(2, {layer("RUN CMD x"), layer("/bin/sh -c CMD y"), step("ENV CMD=1")}), 1U);
}

TEST(BaseLayers, LayersOfOneTimeAreOneImage) {
  EXPECT_EQ(
      base_of(4, {layer("bazel build", "0001-01-01T00:00:00Z"), layer("bazel build", "0001-01-01T00:00:00Z"),
                  layer("bazel build", "0001-01-01T00:00:00Z"), layer("COPY . /app")}),
      3U);
}

TEST(BaseLayers, ElseItIsTheFirstLayer) {
  EXPECT_EQ(base_of(3, {layer("a"), layer("b"), layer("c")}), 1U);  // all made at one time
  EXPECT_EQ(base_of(3, {layer("a", ""), layer("b", ""), layer("c", "")}), 1U);
  EXPECT_EQ(base_of(3, {}), 1U);
  EXPECT_EQ(base_of(3, {layer("ADD a /"), step("CMD [\"bash\"]"), layer("b")}),
            1U);  // no history of these layers
}

TEST(BaseLayers, OneLayerIsNoBase) {
  EXPECT_EQ(base_of(1, {layer("ADD a /"), step("CMD [\"bash\"]")}), 0U);
  EXPECT_EQ(base_of(0, {}), 0U);
}

}  // namespace
}  // namespace slim
