# How everything is compiled: C++23, warnings, hardening, sanitizers.
set(CMAKE_CXX_STANDARD 23)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
include(CheckPIESupported)
check_pie_supported()

find_program(CCACHE ccache)
if(CCACHE)
    set(CMAKE_CXX_COMPILER_LAUNCHER ${CCACHE})
endif()

add_library(stratascan_flags INTERFACE)
target_include_directories(stratascan_flags INTERFACE
    $<BUILD_INTERFACE:${CMAKE_CURRENT_SOURCE_DIR}>
    $<BUILD_INTERFACE:${CMAKE_CURRENT_SOURCE_DIR}/include>)
target_compile_definitions(stratascan_flags INTERFACE
    _GLIBCXX_ASSERTIONS STRATASCAN_VERSION="${PROJECT_VERSION}")
set(warnings -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Wnon-virtual-dtor -Wold-style-cast)
target_compile_options(stratascan_flags INTERFACE
    $<$<COMPILE_LANGUAGE:CXX>:${warnings}>
    -fstack-protector-strong -fcf-protection
    # No path of the machine that builds ends up in the program.
    -ffile-prefix-map=${CMAKE_CURRENT_SOURCE_DIR}=.)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    target_compile_options(stratascan_flags INTERFACE -fstack-clash-protection)
    # g++ 12 warns of overlapping copies inside its own std::string (GCC bug 105651).
    target_compile_options(stratascan_flags INTERFACE
        $<$<COMPILE_LANGUAGE:CXX>:-Wno-restrict>)
endif()
if(STRATASCAN_WERROR)
    target_compile_options(stratascan_flags INTERFACE $<$<COMPILE_LANGUAGE:CXX>:-Werror>)
endif()
if(STRATASCAN_SANITIZE)
    target_compile_options(stratascan_flags INTERFACE
        -fsanitize=${STRATASCAN_SANITIZE} -fno-omit-frame-pointer)
    target_link_options(stratascan_flags INTERFACE -fsanitize=${STRATASCAN_SANITIZE})
    if(STRATASCAN_SANITIZE MATCHES "undefined")
        target_compile_options(stratascan_flags INTERFACE -fno-sanitize-recover=undefined)
    endif()
else()
    target_compile_options(stratascan_flags INTERFACE
        $<$<NOT:$<CONFIG:Debug>>:-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2>)
endif()
target_link_options(stratascan_flags INTERFACE -Wl,-z,relro,-z,now)
