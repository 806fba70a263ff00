# Installs the build in BUILD below itself, then configures, builds and runs the
# consumer in SOURCE against what was installed, and nothing else of the project.
set(place ${BUILD}/install-test)
file(REMOVE_RECURSE ${place})
file(MAKE_DIRECTORY ${place}/config)
set(ENV{XDG_CONFIG_HOME} ${place}/config)
set(ENV{XDG_CACHE_HOME} ${place}/cache)

function(run)
    execute_process(COMMAND ${ARGV} RESULT_VARIABLE status)
    if(NOT status EQUAL 0)
        list(JOIN ARGV " " command)
        message(FATAL_ERROR "ended with ${status}: ${command}")
    endif()
endfunction()

run(${CMAKE_COMMAND} --install ${BUILD} --prefix ${place}/prefix)
run(${CMAKE_COMMAND} -S ${SOURCE} -B ${place}/build -DCMAKE_PREFIX_PATH=${place}/prefix
    -DCMAKE_CXX_COMPILER=${COMPILER} "-DCMAKE_CXX_FLAGS=${FLAGS}")
run(${CMAKE_COMMAND} --build ${place}/build)
run(${place}/build/consumer ${place}/layer.tar)
run(${place}/prefix/bin/stratascan --version)
if(NOT EXISTS ${place}/config/stratascan/key)
    message(FATAL_ERROR "the key was not made in the place that XDG_CONFIG_HOME names")
endif()
