# A room is one static library: public headers in include/k8scale/NAME, code and private headers in src/NAME.

function(k8scale_warnings target)
  target_compile_options(${target} PRIVATE -Wall -Wextra -Wconversion -Wshadow=local)
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_UNITY_BUILD)
    # g++ takes sources that are compiled as one for headers, and Asio's allocation of coroutines for a mismatch.
    target_compile_options(${target} PRIVATE -Wno-subobject-linkage -Wno-mismatched-new-delete -Wno-maybe-uninitialized)
  endif()
  if(K8SCALE_WERROR)
    target_compile_options(${target} PRIVATE -Werror)
  endif()
endfunction()

# k8scale_room(NAME [USES room…] [LIBRARIES target…])
function(k8scale_room name)
  cmake_parse_arguments(ROOM "" "" "USES;LIBRARIES" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/src/${name}/*.cpp)
  add_library(${name} STATIC ${sources})
  target_include_directories(${name} PUBLIC ${PROJECT_SOURCE_DIR}/include PRIVATE ${PROJECT_SOURCE_DIR}/src)
  target_link_libraries(${name} PUBLIC ${ROOM_USES} ${ROOM_LIBRARIES})
  k8scale_warnings(${name})
endfunction()

# One test program for each room: test/NAME/*.cpp, each case a CTest test named "NAME: case". The target
# unit_tests is all of them, without the program itself.
function(k8scale_room_tests name)
  file(GLOB sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/test/${name}/*.cpp)
  if(NOT sources)
    return()
  endif()
  add_executable(${name}_test ${sources} ${PROJECT_SOURCE_DIR}/test/main.cpp)
  set_source_files_properties(${PROJECT_SOURCE_DIR}/test/main.cpp PROPERTIES SKIP_UNITY_BUILD_INCLUSION ON)
  target_include_directories(${name}_test PRIVATE ${PROJECT_SOURCE_DIR}/src ${PROJECT_SOURCE_DIR}/test)
  target_link_libraries(${name}_test PRIVATE ${name} Catch2::Catch2)
  k8scale_warnings(${name}_test)
  target_compile_options(${name}_test PRIVATE ${K8SCALE_TEST_OPTIONS})
  add_dependencies(unit_tests ${name}_test)
  catch_discover_tests(${name}_test TEST_PREFIX "${name}: " PROPERTIES TIMEOUT 120)
endfunction()
