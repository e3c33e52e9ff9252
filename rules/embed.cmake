# Writes OUT, a C++ source that defines slim::embedded_rule_files (declared in analyzer/rules.h),
# from the JSON files in FILES.
set(text "#include <span>\n#include <string_view>\n#include <utility>\n\nnamespace slim {\nnamespace {\n")
string(APPEND text "constexpr std::pair<std::string_view, std::string_view> files[] = {\n")
foreach(file IN LISTS FILES)
  get_filename_component(name "${file}" NAME)
  file(READ "${file}" content)
  string(APPEND text "    {\"${name}\", R\"slim-rule(${content})slim-rule\"},\n")
endforeach()
string(APPEND text "};\n}  // namespace\n\n")
string(APPEND text "std::span<const std::pair<std::string_view, std::string_view>> embedded_rule_files();\n")
string(APPEND text "std::span<const std::pair<std::string_view, std::string_view>> embedded_rule_files() { return files; }\n")
string(APPEND text "}  // namespace slim\n")
file(WRITE "${OUT}" "${text}")
