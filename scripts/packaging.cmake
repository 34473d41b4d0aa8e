# What is installed, and the tarball made of it. The programs find their parts relative to
# themselves (run/launch_route.c, the judge's way to its fake), so the whole may be moved.
option(FAKEWIX_BUNDLE "install with the programs every library they need, but for the C library's" OFF)
set(CMAKE_SKIP_INSTALL_ALL_DEPENDENCY ON)

install(TARGETS fakewix fakewix-conform RUNTIME_DEPENDENCY_SET needed RUNTIME DESTINATION bin)
install(TARGETS fakewix-preload libfakewix LIBRARY DESTINATION lib ARCHIVE DESTINATION lib)
install(FILES server/embed/fakewix.h DESTINATION include)
configure_file(server/embed/fakewix.pc.in fakewix.pc @ONLY)
install(FILES ${CMAKE_BINARY_DIR}/fakewix.pc DESTINATION lib/pkgconfig)
install(FILES README.md LICENSE DESTINATION share/doc/fakewix)
install(DIRECTORY docs/ DESTINATION share/doc/fakewix)

if(FAKEWIX_BUNDLE)
  # RPATH and not RUNPATH: it counts for the libraries of the libraries, too.
  set_target_properties(fakewix fakewix-conform PROPERTIES INSTALL_RPATH "$ORIGIN/../lib/fakewix")
  set_target_properties(libfakewix PROPERTIES INSTALL_RPATH "$ORIGIN/fakewix")
  foreach(target fakewix fakewix-conform libfakewix)
    target_link_options(${target} PRIVATE -Wl,--disable-new-dtags)
  endforeach()
  install(RUNTIME_DEPENDENCY_SET needed DESTINATION lib/fakewix
    PRE_EXCLUDE_REGEXES "^ld-linux" "^linux-vdso" "^lib(c|m|dl|rt|pthread|resolv)\\.so")
  install(DIRECTORY ${CMAKE_BINARY_DIR}/licences/ DESTINATION share/doc/fakewix/licences OPTIONAL)
endif()

set(CPACK_GENERATOR TGZ)
set(CPACK_PACKAGE_FILE_NAME fakewix-${PROJECT_VERSION}-linux-${CMAKE_SYSTEM_PROCESSOR})
set(CPACK_STRIP_FILES ON)
include(CPack)
