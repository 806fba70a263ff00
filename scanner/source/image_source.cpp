// What a kind of target does not do, it refuses by name: a stream's blobs cannot
// be opened a second time, and a seekable target has no pass to watch.
#include "scanner/source/image_source.hpp"

namespace stratascan::source {

Result<void> ImageSource::stream(const BlobVisitor& /*visit*/) {
    return fail(ErrorCode::invalid_argument, "this target is not a stream");
}

Result<std::unique_ptr<BlobReader>> ImageSource::open(const LayerRef& /*layer*/) {
    return fail(ErrorCode::invalid_argument, "the blobs of this target cannot be opened by name");
}

}  // namespace stratascan::source
