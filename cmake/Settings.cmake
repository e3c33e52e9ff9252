# How every part of slim is compiled.
add_library(slim_settings INTERFACE)
add_library(slim::settings ALIAS slim_settings)

set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_CXX_SCAN_FOR_MODULES OFF)
target_compile_features(slim_settings INTERFACE cxx_std_23)
set(CMAKE_CXX_EXTENSIONS OFF)
target_include_directories(slim_settings INTERFACE "${PROJECT_SOURCE_DIR}")
target_compile_definitions(slim_settings INTERFACE _FILE_OFFSET_BITS=64 _GNU_SOURCE)

# Warnings are errors in our own builds; whoever packages slim may turn that off.
option(SLIM_WERROR "Treat warnings as errors" ON)
target_compile_options(slim_settings INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wnon-virtual-dtor
  -Woverloaded-virtual -Wcast-align -Wold-style-cast -Wduplicated-cond -Wlogical-op
  -Wformat=2 -Wimplicit-fallthrough
  $<$<BOOL:${SLIM_WERROR}>:-Werror>)
# g++ 12 reports false positives of these, inside the standard library, where sanitizers are on.
target_compile_options(slim_settings INTERFACE -Wno-error=maybe-uninitialized -Wno-error=restrict)

target_link_options(slim_settings INTERFACE -Wl,--as-needed)

# Everything that reads an image treats it as hostile.
option(SLIM_SANITIZE "Build with the address and undefined-behaviour sanitizers" OFF)
if(SLIM_SANITIZE)
  target_compile_options(slim_settings INTERFACE
    -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer)
  target_link_options(slim_settings INTERFACE -fsanitize=address,undefined)
else()
  target_compile_options(slim_settings INTERFACE -fstack-protector-strong -fstack-clash-protection)
  target_compile_definitions(slim_settings INTERFACE
    $<$<NOT:$<CONFIG:Debug>>:_FORTIFY_SOURCE=2>)
endif()

# A folder of slim is a static library made of all sources that lie in it.
function(slim_folder name)
  file(GLOB sources CONFIGURE_DEPENDS "${CMAKE_CURRENT_SOURCE_DIR}/*.cpp")
  add_library(slim_${name} STATIC ${sources})
  target_link_libraries(slim_${name} PUBLIC slim::settings)
endfunction()
