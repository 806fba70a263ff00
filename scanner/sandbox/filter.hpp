// The seccomp filter of the threads that scan, as a program for the kernel's packet filter
// (seccomp(2); Documentation/userspace-api/seccomp_filter.rst).
//
// It is written down here and not made by libseccomp, which hangs or leaves rules out where
// memory runs out while it works.
#pragma once

#include <linux/filter.h>

#include <vector>

namespace stratascan {

/// An option of prctl() that no kernel has: inside the filter it fails with EALREADY.
constexpr int sandbox_question = 0x53545243;

/// What is not allowed fails with EPERM. Holds for this process and the processor that
/// this was built for; empty on one that is not known.
[[nodiscard]] std::vector<sock_filter> scanning_filter();

}  // namespace stratascan
