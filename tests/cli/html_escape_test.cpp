#include "cli/html_escape.h"

#include <string>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace slim {
namespace {

TEST(HtmlEscape, TextHasNoMarkupAndNoControls) {
  EXPECT_EQ(html_text("a<b>&\"c\"'d'"), "a&lt;b&gt;&amp;&quot;c&quot;&#39;d&#39;");
  EXPECT_EQ(html_text("&amp;"), "&amp;amp;");
  EXPECT_EQ(html_text("\x1b[1m\n"), "\\x1b[1m\\x0a");
  EXPECT_EQ(html_text("\xe9"), "\\xe9");
}

TEST(HtmlEscape, JsonStaysTheSameAndEndsNoScript) {
  const nlohmann::json value = {
      {"</script><!--", "]]> & \xe2\x80\xa8 \xe2\x80\xa9 \xe2\x80\xa6 \xc3\xa9 \\ \""}};
  const std::string safe = script_json(value.dump());
  EXPECT_EQ(nlohmann::json::parse(safe), value);
  for (const char* refused : {"<", ">", "&", "\xe2\x80\xa8", "\xe2\x80\xa9"})
    EXPECT_EQ(safe.find(refused), std::string::npos) << refused;
  EXPECT_NE(safe.find("\xe2\x80\xa6"), std::string::npos) << "an ellipsis is no line separator";
}

TEST(HtmlEscape, TextThatEndsInTheMiddleOfASeparatorIsLeftAlone) {
  EXPECT_EQ(script_json("\xe2\x80"), "\xe2\x80");
}

}  // namespace
}  // namespace slim
