// Errors are values. Wherever outside bytes enter (a file, a blob, a rule, an
// argument) a function answers with Result<T>, and its Error says what went
// wrong, where, and what the user can do about it. Exceptions are left to bugs
// and exhausted memory.
#pragma once

#include <expected>
#include <string>
#include <string_view>
#include <utility>

namespace stratascan {

/// What kind of thing went wrong; the caller decides by it what happens next.
enum class ErrorCode {
    invalid_argument,  ///< the user asked for something that makes no sense
    not_found,         ///< a file, blob, rule or key is not there
    unreadable,        ///< it is there, but the system refused to read it
    malformed,         ///< the bytes break their format's rules
    unsupported,       ///< a valid format that this build does not read
    over_limit,        ///< a configured limit was reached
    digest_mismatch,   ///< the bytes are not what their digest claims
    cancelled,         ///< the user stopped the scan
    engine,            ///< the pattern engine refused or failed its self test
    unreachable,       ///< a registry, daemon or token service gave no answer
    unauthorized,      ///< it did, and refused
};

[[nodiscard]] std::string_view to_string(ErrorCode code) noexcept;

/// An error for a person to read. None of its texts ever holds a secret.
struct Error {
    ErrorCode code = ErrorCode::malformed;
    std::string what;   ///< what went wrong, without a trailing full stop
    std::string where;  ///< target, blob, path or offset; may be empty
    std::string hint;   ///< what to do; may be empty

    /// "where: what (hint)", on one line.
    [[nodiscard]] std::string message() const;
};

template <typename T>
using Result = std::expected<T, Error>;

[[nodiscard]] inline std::unexpected<Error> fail(ErrorCode code, std::string what,
                                                 std::string where = {}, std::string hint = {}) {
    return std::unexpected<Error>(
        Error{code, std::move(what), std::move(where), std::move(hint)});
}

}  // namespace stratascan
