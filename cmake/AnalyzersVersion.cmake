# Writes analyzers_version.cpp: cmake -D FOLDER=analyzer -D OUTPUT=FILE -P AnalyzersVersion.cmake
file(GLOB sources "${FOLDER}/*.cpp" "${FOLDER}/*.h")
list(SORT sources)
set(digests "")
foreach(source ${sources})
  cmake_path(GET source FILENAME name)
  file(SHA256 "${source}" digest)
  string(APPEND digests "${name} ${digest}\n")
endforeach()
string(SHA256 version "${digests}")
file(WRITE "${OUTPUT}" "#include \"analyzer/analyzers_version.h\"

namespace slim {

const std::string_view analyzers_version = \"${version}\";

}  // namespace slim
")
