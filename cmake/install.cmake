# What is installed: the program, links with the older programs' names, manual pages, completions, documentation, the
# license.
include(GNUInstallDirs)

set(CMAKE_SKIP_INSTALL_ALL_DEPENDENCY ON) # so that packages need no tests to be built
install(TARGETS k8scale RUNTIME)
install(FILES LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR} RENAME copyright)
install(FILES README.md DESTINATION ${CMAKE_INSTALL_DOCDIR})
install(DIRECTORY docs DESTINATION ${CMAKE_INSTALL_DOCDIR} FILES_MATCHING PATTERN "*.md")
# The program itself makes the rest, at this time only.
set(made_by_program ${PROJECT_BINARY_DIR}/install_made_by_program.cmake)
configure_file(cmake/install_made_by_program.cmake.in ${made_by_program} @ONLY)
install(SCRIPT ${made_by_program})

set(CPACK_GENERATOR DEB TGZ)
set(CPACK_PACKAGE_VENDOR "The k8scale authors")
set(CPACK_PACKAGE_CONTACT "The k8scale authors <k8scale@localhost>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "measures the Kubernetes API machinery")
set(CPACK_RESOURCE_FILE_LICENSE ${PROJECT_SOURCE_DIR}/LICENSE)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION net)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_RECOMMENDS ca-certificates)
set(CPACK_DEBIAN_PACKAGE_CONFLICTS httperf) # which has a program of that name too
set(CPACK_PRE_BUILD_SCRIPTS ${PROJECT_SOURCE_DIR}/cmake/strip_debug.cmake)
set(CPACK_POST_BUILD_SCRIPTS ${PROJECT_SOURCE_DIR}/cmake/installed_size.cmake)
include(CPack)
