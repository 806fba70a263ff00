#include "stratascan/error.hpp"

namespace stratascan {

std::string_view to_string(ErrorCode code) noexcept {
    switch (code) {
        case ErrorCode::invalid_argument: return "invalid argument";
        case ErrorCode::not_found: return "not found";
        case ErrorCode::unreadable: return "unreadable";
        case ErrorCode::malformed: return "malformed";
        case ErrorCode::unsupported: return "unsupported";
        case ErrorCode::over_limit: return "over limit";
        case ErrorCode::digest_mismatch: return "digest mismatch";
        case ErrorCode::cancelled: return "cancelled";
        case ErrorCode::engine: return "engine";
        case ErrorCode::unreachable: return "unreachable";
        case ErrorCode::unauthorized: return "unauthorized";
    }
    return "unknown";
}

std::string Error::message() const {
    std::string text;
    if (!where.empty()) text += where + ": ";
    text += what.empty() ? std::string(to_string(code)) : what;
    if (!hint.empty()) text += " (" + hint + ")";
    return text;
}

}  // namespace stratascan
