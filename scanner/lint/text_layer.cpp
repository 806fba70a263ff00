#include "scanner/lint/text_layer.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstring>

namespace stratascan::lint {

namespace {

constexpr std::size_t name_bytes = 100;

void append_member(std::string& archive, std::string_view name, char type,
                   std::string_view contents) {
    std::array<char, tar_block> header{};
    const auto put = [&header](std::size_t at, std::string_view text) {
        std::memcpy(header.data() + at, text.data(), text.size());
    };
    put(0, name.substr(0, name_bytes));
    put(100, "0000644");
    put(108, "0000000");
    put(116, "0000000");
    put(124, fmt::format("{:011o}", contents.size()));
    put(136, "00000000000");
    put(148, "        ");
    header[156] = type;
    put(257, std::string_view("ustar\00000", 8));
    unsigned sum = 0;
    for (const char c : header) sum += static_cast<unsigned char>(c);
    put(148, fmt::format("{:06o}", sum));
    header[154] = '\0';
    archive.append(header.data(), header.size());
    archive.append(contents);
    archive.append((tar_block - contents.size() % tar_block) % tar_block, '\0');
}

// "LENGTH KEY=VALUE\n", whose length counts its own digits.
std::string pax_record(std::string_view key, std::string_view value) {
    const std::size_t rest = key.size() + value.size() + 3;
    std::size_t size = rest + 1;
    while (size != rest + std::to_string(size).size()) size = rest + std::to_string(size).size();
    return fmt::format("{} {}={}\n", size, key, value);
}

}  // namespace

void append_file(std::string& archive, std::string_view path, std::string_view contents) {
    if (path.size() > name_bytes) {
        append_member(archive, "pax", 'x', pax_record("path", path));
    }
    append_member(archive, path, '0', contents);
}

Result<std::size_t> TextBlob::read(std::span<std::byte> out) {
    const std::size_t size = std::min(out.size(), bytes_.size() - at_);
    if (size > 0) std::memcpy(out.data(), bytes_.data() + at_, size);
    at_ += size;
    return size;
}

}  // namespace stratascan::lint
