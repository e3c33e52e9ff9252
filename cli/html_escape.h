// Text on its way into an HTML document. What the report shows is set by its script as text and never becomes
// markup; these two are for the little that is written into the document itself.
#pragma once

#include <string>
#include <string_view>

namespace slim {

/// For the content of an element and for a quoted attribute: on one line, control characters, bidirectional
/// marks and bytes that are no UTF-8 as terminal_text() has them, and & < > " ' as references.
std::string html_text(std::string_view text);

/// A JSON document for the inside of a <script> element that is no program: still the same JSON, but no
/// "</script>", no "<!--" and no line separator of JavaScript stands in it. `json` must be valid UTF-8.
std::string script_json(std::string_view json);

}  // namespace slim
