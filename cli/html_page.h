// The parts of the HTML report that are the same for every image, made part of the program when it is built.
#pragma once

#include <string_view>

namespace slim {

std::string_view html_style();    ///< cli/html/*.css
std::string_view html_body();     ///< cli/html/body.html: the frame that the script fills
std::string_view html_script();   ///< cli/html/*.js, one after the other in a function of their own
std::string_view html_library();  ///< d3-hierarchy
std::string_view html_licence();  ///< of d3-hierarchy, whose conditions ask for it to come along

}  // namespace slim
