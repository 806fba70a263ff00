// A function that the compiler makes for several processors: the loader takes the one for what
// is there. ThreadSanitizer is not up yet when the loader chooses.
#pragma once

#if defined(__SANITIZE_THREAD__)
#define STRATASCAN_CLONES
#else
#define STRATASCAN_CLONES __attribute__((target_clones("arch=skylake-avx512", "avx2", "default")))
#endif
