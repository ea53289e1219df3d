# Writes the source file FILE, which has the git commit of the folder SOURCE, unless it is up to date.
# COMMIT, when not empty, is taken instead of what ./dev says.
if(NOT COMMIT)
  execute_process(
    COMMAND ${SOURCE}/dev commit-id
    OUTPUT_VARIABLE COMMIT
    OUTPUT_STRIP_TRAILING_WHITESPACE
    ERROR_QUIET)
endif()
if(NOT COMMIT)
  set(COMMIT unknown)
endif()
file(CONFIGURE OUTPUT ${FILE} CONTENT [[
#include "commit.h"

std::string_view k8scale::subcommands::commit() { return "@COMMIT@"; }
]] @ONLY)
