# The library as another project finds it: find_package(stratascan). The static
# library holds the engine's objects; what it links to is found again there.
include(CMakePackageConfigHelpers)

add_library(stratascan_installed STATIC
    $<TARGET_OBJECTS:stratascan_engine> $<TARGET_OBJECTS:stratascan>)
set_target_properties(stratascan_installed PROPERTIES OUTPUT_NAME stratascan_full LINKER_LANGUAGE CXX)

install(TARGETS stratascan_program RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
install(FILES $<TARGET_FILE:stratascan_installed> DESTINATION ${CMAKE_INSTALL_LIBDIR}
        RENAME libstratascan.a)
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
