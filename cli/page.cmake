# Writes what PROGRAM says to OUT: cmake -D PROGRAM=slim -D WORDS=completion;bash -D OUT=FILE -P page.cmake
# A name that ends in .gz is compressed, as manual pages are on Debian, the same each time.
execute_process(COMMAND "${PROGRAM}" ${WORDS} OUTPUT_VARIABLE text COMMAND_ERROR_IS_FATAL ANY)
string(REGEX REPLACE "\\.gz$" "" plain "${OUT}")
file(WRITE "${plain}" "${text}")
if(NOT plain STREQUAL OUT)
  execute_process(COMMAND gzip -9nf "${plain}" COMMAND_ERROR_IS_FATAL ANY)
endif()
