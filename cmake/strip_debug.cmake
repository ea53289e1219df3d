# Of what goes into a package: debug information is seven eighths of the program. Profiles still name functions.
file(GLOB_RECURSE programs ${CPACK_TEMPORARY_DIRECTORY}/k8scale)
list(FILTER programs INCLUDE REGEX "/bin/k8scale$")
foreach(program ${programs})
  execute_process(COMMAND strip --strip-debug ${program} COMMAND_ERROR_IS_FATAL ANY)
endforeach()
