#include "scanner/match/example_pgp.hpp"

namespace stratascan::match {

namespace {

using namespace std::string_view_literals;

/// A number of so many bytes, its highest bit set.
std::string number(std::string_view& drawn, std::size_t size) {
    std::string bytes(drawn.substr(0, size));
    drawn.remove_prefix(size);
    bytes[0] = static_cast<char>(static_cast<unsigned char>(bytes[0]) | 0x80U);
    const std::size_t bits = size * 8;
    return std::string{static_cast<char>(bits >> 8U), static_cast<char>(bits & 0xffU)} + bytes;
}

}  // namespace

std::string example_pgp(std::string_view kind, std::string_view drawn) {
    const bool rsa = kind.starts_with("rsa");
    if (!rsa && !kind.starts_with("eddsa")) return {};
    const std::string_view form = kind.substr(rsa ? 3 : 5);
    if (!form.empty() && form != "-public" && form != "-protected") return {};
    std::string body = std::string("\x04\x65\x00\x00\x01"sv) + (rsa ? '\x01' : '\x16');
    if (rsa) {
        body += number(drawn, 256);
        body += "\x00\x11\x01\x00\x01"sv;
    } else {
        body += "\x09\x2b\x06\x01\x04\x01\xda\x47\x0f\x01\x01\x07\x40"sv;
        body += drawn.substr(0, 32);
        drawn.remove_prefix(32);
    }
    const std::size_t public_size = body.size();
    if (form == "-protected") {
        body += "\xfe\x09\x03\x08"sv;
        body += drawn.substr(0, 600);
    } else {
        body += '\0';
        body += number(drawn, rsa ? 256 : 32);
        if (rsa) body += number(drawn, 128);
        body += drawn.substr(0, 2);
    }
    const bool secret = form != "-public";
    const std::size_t size = secret ? body.size() : public_size;
    std::string packet(1, secret ? '\x95' : '\x99');
    packet += static_cast<char>(size >> 8U);
    packet += static_cast<char>(size & 0xffU);
    return packet + body;
}

}  // namespace stratascan::match
