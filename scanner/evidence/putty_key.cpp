// PuTTY's form (appendix C of its manual): lines "Name: value", the public blob of
// SSH in base64, the private part in base64, and a MAC over all of it. A key
// without a passphrase has a MAC whose key everyone knows, so it can be verified
// as a whole; an encrypted one can't, but its public blob stands in the clear.
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/sha.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

#include "scanner/evidence/checks.hpp"
#include "scanner/evidence/codec.hpp"
#include "scanner/evidence/openssh_key.hpp"
#include "scanner/evidence/ssh_key.hpp"
#include "scanner/evidence/wiped.hpp"

namespace stratascan::evidence::checks {

namespace {

constexpr auto npos = std::string_view::npos;

struct PuttyKey {
    int version = 0;
    std::string_view algorithm;
    std::string_view encryption;
    std::string_view comment;
    std::string public_blob;
    Wiped private_part;
    std::string_view mac;  ///< hex; empty where the text ends before it
};

/// The text, line by line; a line's end may be CR LF, or `\n` as two characters.
class Lines {
public:
    explicit Lines(std::string_view text) noexcept : rest_(text) {}

    [[nodiscard]] bool at_end() const noexcept { return rest_.empty(); }

    std::string_view next() noexcept {
        const std::size_t escaped = rest_.find("\\n");
        std::size_t end = std::min(rest_.find('\n'), escaped);
        const std::size_t mark = end == npos ? 0 : (end == escaped ? 2 : 1);
        end = std::min(end, rest_.size());
        std::string_view line = rest_.substr(0, end);
        rest_.remove_prefix(end + mark);
        if (line.ends_with("\\r")) line.remove_suffix(2);
        return trimmed(line);
    }

private:
    std::string_view rest_;
};

/// As many lines of base64 as the count says, but never more than there are.
std::optional<std::string> block(Lines& lines, std::string_view count) {
    unsigned left = 0;
    const auto parsed = std::from_chars(count.data(), count.data() + count.size(), left);
    if (parsed.ec != std::errc{}) return std::nullopt;
    std::string base64;
    for (; left > 0 && !lines.at_end(); --left) base64.append(lines.next());
    auto bytes = decode_base64(base64);
    OPENSSL_cleanse(base64.data(), base64.size());
    return left == 0 ? std::move(bytes) : std::nullopt;
}

std::optional<PuttyKey> read(std::string_view text) {
    constexpr std::string_view head = "PuTTY-User-Key-File-";
    const std::size_t begin = text.find(head);
    if (begin == npos) return std::nullopt;
    Lines lines(text.substr(begin));
    PuttyKey key;
    while (!lines.at_end() && key.mac.empty()) {
        const std::string_view line = lines.next();
        const std::size_t colon = line.find(':');
        if (colon == npos) continue;
        const std::string_view name = line.substr(0, colon);
        const std::string_view value = trimmed(line.substr(colon + 1));
        if (name.starts_with(head)) {
            key.version = name.ends_with('3') ? 3 : name.ends_with('2') ? 2 : 0;
            key.algorithm = value;
        } else if (name == "Encryption") {
            key.encryption = value;
        } else if (name == "Comment") {
            key.comment = value;
        } else if (name == "Public-Lines") {
            key.public_blob = block(lines, value).value_or("");
        } else if (name == "Private-Lines") {
            key.private_part = Wiped(block(lines, value).value_or(""));
        } else if (name == "Private-MAC") {
            key.mac = value;
        }
    }
    return key;
}

/// The MAC of a key without a passphrase, in hex.
std::string open_mac(const PuttyKey& key) {
    std::string covered;
    put_string(covered, key.algorithm);
    put_string(covered, key.encryption);
    put_string(covered, key.comment);
    put_string(covered, key.public_blob);
    covered.reserve(covered.size() + key.private_part.view().size() + 4);
    put_string(covered, key.private_part.view());
    const Wiped text(std::move(covered));

    std::string mac_key;
    if (key.version == 2) {
        constexpr std::string_view seed = "putty-private-key-file-mac-key";
        std::array<unsigned char, SHA_DIGEST_LENGTH> digest{};
        SHA1(reinterpret_cast<const unsigned char*>(seed.data()), seed.size(), digest.data());
        mac_key.assign(digest.begin(), digest.end());
    }
    std::array<unsigned char, EVP_MAX_MD_SIZE> mac{};
    unsigned size = 0;
    const unsigned char* made =
        HMAC(key.version == 2 ? EVP_sha1() : EVP_sha256(), mac_key.data(),
             static_cast<int>(mac_key.size()),
             reinterpret_cast<const unsigned char*>(text.view().data()), text.view().size(),
             mac.data(), &size);
    if (made == nullptr) return {};
    return hex({reinterpret_cast<const char*>(mac.data()), size});
}

}  // namespace

Output putty_key(const Input& input) {
    const bool in_secret = input.secret.find("PuTTY-User-Key-File-") != npos;
    const auto key = read(in_secret ? input.secret : input.match);
    if (!key || key->public_blob.empty()) {
        return outcome(Evidence::pattern, "does not parse as a key", -1);
    }
    Output output = judge_public_blob(key->public_blob);
    if (output.public_fingerprint.empty()) return output;
    if (key->encryption != "none") {
        output.level = Evidence::well_formed;
        output.detail += ", encrypted (" + printable(key->encryption, 32) + ")";
        output.confidence_shift = -1;
        return output;
    }
    if (key->private_part.empty()) {
        output.detail += ", cut off";
        output.confidence_shift = -1;
        return output;
    }
    output.detail += ", not encrypted";
    const bool holds = key->version != 0 && lowered(key->mac) == open_mac(*key);
    output.level = holds ? Evidence::verified : Evidence::well_formed;
    output.confidence_shift = holds ? 1 : 0;
    return output;
}

}  // namespace stratascan::evidence::checks
