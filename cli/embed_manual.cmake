# Writes OUT, a C++ source that defines slim::embedded_manual() (declared in cli/manual.h) from the text in FILE.
file(READ "${FILE}" content)
file(WRITE "${OUT}" "#include \"cli/manual.h\"\n\nnamespace slim {\n\nstd::string_view embedded_manual() {\n  return R\"slim-manual(${content})slim-manual\";\n}\n\n}  // namespace slim\n")
