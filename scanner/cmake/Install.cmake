# The library as another project finds it: find_package(stratascan). What it
# links to is found again there.
include(CMakePackageConfigHelpers)

install(TARGETS stratascan_program RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
install(FILES $<TARGET_FILE:stratascan> DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(DIRECTORY include/stratascan DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
configure_package_config_file(scanner/cmake/stratascanConfig.cmake.in
    ${CMAKE_CURRENT_BINARY_DIR}/stratascanConfig.cmake
    INSTALL_DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/stratascan
    PATH_VARS CMAKE_INSTALL_INCLUDEDIR CMAKE_INSTALL_LIBDIR)
write_basic_package_version_file(${CMAKE_CURRENT_BINARY_DIR}/stratascanConfigVersion.cmake
    COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/stratascanConfig.cmake
              ${CMAKE_CURRENT_BINARY_DIR}/stratascanConfigVersion.cmake
        DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/stratascan)
