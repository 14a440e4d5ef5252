# What `cmake --install` lays down: programs, the library with its headers and pkg-config file, the unit, the
# samples, the documents. Manual pages and the journal's catalogue: docs/CMakeLists.txt.
install(TARGETS appeal-routerd appealctl RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
install(TARGETS appealrouter ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(DIRECTORY include/aro DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} FILES_MATCHING PATTERN "*.h")

file(RELATIVE_PATH ARO_PREFIX_FROM_PKGCONFIG /${CMAKE_INSTALL_LIBDIR}/pkgconfig /)
configure_file(cmake/appealrouter.pc.in appealrouter.pc @ONLY)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/appealrouter.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)

set(ARO_SYSTEMD_UNIT_DIR lib/systemd/system CACHE STRING "where units go, below the prefix or absolute")
# The units name the program where it is installed, which need not be /usr/bin.
foreach(unit appeal-routerd.service appeal-routerd@.service)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS systemd/${unit})
  file(READ systemd/${unit} text)
  string(REPLACE "/usr/bin/" "${CMAKE_INSTALL_FULL_BINDIR}/" text "${text}")
  file(CONFIGURE OUTPUT systemd/${unit} CONTENT "${text}" @ONLY)
  install(FILES ${CMAKE_CURRENT_BINARY_DIR}/systemd/${unit} DESTINATION ${ARO_SYSTEMD_UNIT_DIR})
endforeach()
install(FILES systemd/appeal-router.sysusers DESTINATION lib/sysusers.d RENAME appeal-router.conf)
install(FILES systemd/appeal-router.tmpfiles DESTINATION lib/tmpfiles.d RENAME appeal-router.conf)

set(ARO_DATADIR ${CMAKE_INSTALL_DATADIR}/appeal-router)
install(DIRECTORY schemas DESTINATION ${ARO_DATADIR} FILES_MATCHING PATTERN "*.json")
install(FILES README.md CHANGELOG.md DESTINATION ${CMAKE_INSTALL_DOCDIR})
install(DIRECTORY docs/ DESTINATION ${CMAKE_INSTALL_DOCDIR}/docs FILES_MATCHING PATTERN "*.md" PATTERN "*.png")
install(DIRECTORY config/ DESTINATION ${CMAKE_INSTALL_DOCDIR}/examples)
