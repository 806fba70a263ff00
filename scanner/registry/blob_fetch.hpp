// A blob on its way from a registry. It runs on a thread of its own that asks,
// waits and asks again; the bytes go into a buffer, from which the scan reads.
//
// A long download breaks now and then: a load balancer closes it, a signed URL
// runs out. Then the registry itself is asked again, for the rest ("Range"), which
// gives a fresh redirect; what is behind the break is never asked of a URL that
// was signed for the first try.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <stop_token>

#include "scanner/registry/exchange.hpp"
#include "scanner/source/blob.hpp"

namespace stratascan::registry {

struct FetchTools {
    Exchanger& exchanger;
    HttpTransport& transport;
    Host& host;
    std::stop_token stop;
    RetryPolicy retries;
    std::size_t buffer_bytes;
};

/// `question` asks for the blob; its sink is set here. `size` is what the blob's
/// descriptor claims, -1: nothing. More is never read.
[[nodiscard]] std::unique_ptr<source::BlobReader> open_fetched_blob(const FetchTools& tools,
                                                                    Question question,
                                                                    std::int64_t size);

/// A body that is fetched once, without a second try.
[[nodiscard]] std::unique_ptr<source::BlobReader> open_streamed_body(HttpTransport& transport,
                                                                     HttpRequest request,
                                                                     std::string what,
                                                                     std::size_t buffer_bytes);

}  // namespace stratascan::registry
