#include "analyzer/loader_tokens.h"

#include <string>
#include <string_view>

#include <gtest/gtest.h>

namespace slim {
namespace {

constexpr LoaderTokens tokens{.origin = "/opt/bin", .lib = "lib64", .platform = "haswell"};

std::string expanded(std::string_view text) {
  return expand_tokens(text, tokens, false).text;
}

TEST(LoaderTokens, AreReplacedInBothSpellings) {
  EXPECT_EQ(expanded("$ORIGIN/../${LIB}/$PLATFORM"), "/opt/bin/../lib64/haswell");
  EXPECT_EQ(expanded("${ORIGIN}$LIB"), "/opt/binlib64");
  EXPECT_EQ(expanded("/plain"), "/plain");
}

TEST(LoaderTokens, OtherNamesStayAsTheyAre) {
  for (const char* text :
       {"$ORIGINAL", "$LIB64", "${ORIGIN", "$origin", "$", "/a$", "$$", "${LIB_}", "$LIB_"}) {
    const ExpandedText result = expand_tokens(text, tokens, true);
    EXPECT_EQ(result.text, text);
    EXPECT_FALSE(result.has_token || result.refused) << text;
  }
}

TEST(LoaderTokens, SayWhichTheyWere) {
  EXPECT_TRUE(expand_tokens("x/$PLATFORM", tokens, false).has_platform);
  EXPECT_FALSE(expand_tokens("x/$PLATFORM", tokens, false).has_origin);
  EXPECT_TRUE(expand_tokens("$ORIGIN", tokens, false).has_origin);
}

TEST(LoaderTokens, WithoutAValueTheWholeTextIsRefused) {
  EXPECT_TRUE(expand_tokens("/opt/$PLATFORM", {.origin = "/", .lib = "lib", .platform = ""}, false).refused);
  EXPECT_TRUE(expand_tokens("$ORIGIN", {.origin = "", .lib = "lib", .platform = "x"}, false).refused);
}

TEST(LoaderTokens, InSecureModeOriginHasToBeTheWholeFirstFolder) {
  for (const char* text : {"$ORIGIN", "$ORIGIN/../lib", "${ORIGIN}/x", "/opt/$LIB"})
    EXPECT_FALSE(expand_tokens(text, tokens, true).refused) << text;
  for (const char* text : {"/usr/lib/../$ORIGIN", "$LIB$ORIGIN", "$ORIGIN-x", "$ORIGIN$ORIGIN"})
    EXPECT_TRUE(expand_tokens(text, tokens, true).refused) << text;
}

TEST(LoaderTokens, FoldersAreNormalizedByTheirText) {
  EXPECT_EQ(normalized_folder("/usr/lib/tool/.././/x/"), "/usr/lib/x/");
  EXPECT_EQ(normalized_folder("/../.."), "/");
  EXPECT_EQ(normalized_folder("/usr/lib/.../..x"), "/usr/lib/.../..x/");
}

}  // namespace
}  // namespace slim
