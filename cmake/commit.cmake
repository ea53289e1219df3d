# Writes the source file FILE, which has the git commit of the folder SOURCE, unless it is up to date.
# COMMIT, when not empty, is taken instead of what git says.
if(NOT COMMIT)
  get_filename_component(parent ${SOURCE} DIRECTORY)
  set(ENV{GIT_CEILING_DIRECTORIES} ${parent}) # a repository around an unpacked archive says nothing of it
  execute_process(
    COMMAND git --no-optional-locks describe --always --dirty --abbrev=40 --exclude=*
    WORKING_DIRECTORY ${SOURCE}
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
