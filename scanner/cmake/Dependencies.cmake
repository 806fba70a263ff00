# Everything comes from Debian packages; `make setup` installs them.
find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)
find_package(OpenSSL 3 REQUIRED)
find_package(ZLIB REQUIRED)
find_package(BZip2 REQUIRED)
find_package(LibLZMA REQUIRED)
find_package(TBB CONFIG REQUIRED)
find_package(fmt CONFIG REQUIRED)
find_package(nlohmann_json CONFIG REQUIRED)
pkg_check_modules(HYPERSCAN REQUIRED IMPORTED_TARGET libhs)
pkg_check_modules(ARCHIVE REQUIRED IMPORTED_TARGET libarchive)
pkg_check_modules(ZSTD REQUIRED IMPORTED_TARGET libzstd)
pkg_check_modules(YAML REQUIRED IMPORTED_TARGET yaml-0.1)
pkg_check_modules(RE2 REQUIRED IMPORTED_TARGET re2)
pkg_check_modules(ISAL IMPORTED_TARGET libisal)

add_library(stratascan_dependencies INTERFACE)
target_link_libraries(stratascan_dependencies INTERFACE
    Threads::Threads OpenSSL::Crypto ZLIB::ZLIB BZip2::BZip2 LibLZMA::LibLZMA TBB::tbb fmt::fmt
    nlohmann_json::nlohmann_json PkgConfig::HYPERSCAN PkgConfig::ARCHIVE PkgConfig::ZSTD
    PkgConfig::RE2 PkgConfig::YAML)
if(ISAL_FOUND)
    target_link_libraries(stratascan_dependencies INTERFACE PkgConfig::ISAL)
    target_compile_definitions(stratascan_flags INTERFACE STRATASCAN_HAVE_ISAL=1)
else()
    message(STATUS "ISA-L is not here: gzip is decoded by zlib")
    target_compile_definitions(stratascan_flags INTERFACE STRATASCAN_HAVE_ISAL=0)
endif()
