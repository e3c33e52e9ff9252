# Every library that slim stands on, with what it is for. All come from Debian packages;
# scripts/build installs them by the names in cmake/packages.txt.
find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)

find_package(LibArchive REQUIRED)                       # tar: reading and writing
find_package(LLVM 19.1 CONFIG REQUIRED
  HINTS /usr/lib/llvm-19/lib/cmake/llvm)                # ELF: libObject
find_package(nlohmann_json 3.11 REQUIRED)               # JSON
find_package(CLI11 2.1 REQUIRED)                        # the command line
find_package(OpenSSL 3.0 REQUIRED COMPONENTS Crypto)    # digests: libcrypto's EVP
find_package(CURL 7.85 REQUIRED)                        # registries and daemons: HTTP, TLS, proxies
find_package(fmt 9.1 REQUIRED)                          # text formatting
pkg_check_modules(zstd REQUIRED IMPORTED_TARGET libzstd)    # zstd layers
pkg_check_modules(isal REQUIRED IMPORTED_TARGET libisal)    # gzip layers, at ISA-L's speed
pkg_check_modules(yaml REQUIRED IMPORTED_TARGET yaml-cpp)   # probe files
pkg_check_modules(re2 REQUIRED IMPORTED_TARGET re2)       # patterns of probes: linear time, the syntax of container-structure-test
pkg_check_modules(cap REQUIRED IMPORTED_TARGET libcap)      # capability sets of the sandbox

# LLVM's headers are not warning-clean under our flags: they are system headers here.
llvm_map_components_to_libnames(slim_llvm_libs object)
add_library(slim_llvm INTERFACE)
add_library(slim::llvm ALIAS slim_llvm)
target_include_directories(slim_llvm SYSTEM INTERFACE ${LLVM_INCLUDE_DIRS})
target_compile_definitions(slim_llvm INTERFACE ${LLVM_DEFINITIONS_LIST})
target_link_libraries(slim_llvm INTERFACE ${slim_llvm_libs})
