// Packed executables as UPX writes them (scanner/nested/upx.hpp has the form), but
// for the loader: bytes that nobody can run stand in its place. UPX itself is in no
// release of Debian that the tests can count on; bench/programs.py takes it from
// backports and packs real programs with it.
#pragma once

#include <elf.h>
#include <lzma.h>
#include <ucl/ucl.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace stratascan::test {

class UpxWriter {
public:
    enum class Method : unsigned char { nrv2b = 2, nrv2d = 5, nrv2e = 8, lzma = 14 };

    explicit UpxWriter(Method method, std::size_t block_size = std::size_t{1} << 30)
        : method_(method), block_size_(block_size) {}

    /// `original`: a 64-bit little-endian ELF file whose load segments lie in the
    /// order of their program headers.
    [[nodiscard]] std::string pack(std::string_view original) {
        const auto header = at<Elf64_Ehdr>(original, 0);
        Elf64_Ehdr stub = header;
        stub.e_phoff = sizeof stub;
        stub.e_phnum = 1;
        stub.e_shoff = 0;
        stub.e_shnum = stub.e_shstrndx = 0;
        Elf64_Phdr load{};
        load.p_type = PT_LOAD;
        load.p_flags = PF_R | PF_X;
        out_.clear();
        append(stub);
        append(load);
        append32(0);
        out_ += "UPX!";
        out_ += std::string("\x00\x08\x0e\x16", 4);
        append32(0);
        append32(original.size());
        append32(std::min(block_size_, original.size()));

        std::uint64_t done = header.e_phoff + header.e_phnum * sizeof(Elf64_Phdr);
        block(original.substr(0, done));
        std::vector<std::string_view> behind;
        for (std::size_t i = 0; i < header.e_phnum; ++i) {
            const auto one = at<Elf64_Phdr>(original, header.e_phoff + i * sizeof(Elf64_Phdr));
            if (one.p_type != PT_LOAD || one.p_filesz == 0) continue;
            if (one.p_offset > done) behind.push_back(original.substr(done, one.p_offset - done));
            const std::uint64_t from = std::max<std::uint64_t>(done, one.p_offset);
            done = one.p_offset + one.p_filesz;
            extent(original.substr(from, done - from));
        }
        if (done < original.size()) behind.push_back(original.substr(done));
        out_ += std::string(2600, '\x90');
        out_.resize((out_.size() + 3) / 4 * 4);
        unloaded_.clear();
        for (const std::string_view one : behind) {
            extent(one);
            unloaded_ += one;
        }
        return out_;
    }

    /// Of the last file: what no segment loads.
    [[nodiscard]] const std::string& unloaded() const noexcept { return unloaded_; }

private:
    template <typename T>
    static T at(std::string_view bytes, std::uint64_t offset) {
        T value;
        if (offset > bytes.size() || bytes.size() - offset < sizeof value) {
            throw std::runtime_error("this is no ELF file to pack");
        }
        std::memcpy(&value, bytes.data() + offset, sizeof value);
        return value;
    }
    template <typename T>
    void append(const T& value) {
        out_.append(reinterpret_cast<const char*>(&value), sizeof value);
    }
    void append32(std::size_t value) { append(static_cast<std::uint32_t>(value)); }

    void extent(std::string_view bytes) {
        for (; !bytes.empty(); bytes.remove_prefix(std::min(block_size_, bytes.size()))) {
            block(bytes.substr(0, block_size_));
        }
    }

    void block(std::string_view bytes) {
        const std::string packed = compressed(bytes);
        append32(bytes.size());
        append32(packed.size());
        const bool stored = packed.size() == bytes.size();
        out_ += stored ? '\0' : static_cast<char>(method_);
        out_ += std::string(3, '\0');
        out_ += packed;
    }

    [[nodiscard]] std::string compressed(std::string_view bytes) const {
        std::string packed(bytes.size() + bytes.size() / 8 + 256, '\0');
        packed.resize(method_ == Method::lzma ? with_lzma(bytes, packed) : with_ucl(bytes, packed));
        return packed.size() < bytes.size() ? packed : std::string(bytes);
    }

    [[nodiscard]] std::size_t with_ucl(std::string_view bytes, std::string& to) const {
        const auto* in = reinterpret_cast<const unsigned char*>(bytes.data());
        auto* out = reinterpret_cast<unsigned char*>(to.data());
        const auto size = static_cast<ucl_uint>(bytes.size());
        auto made = static_cast<ucl_uint>(to.size());
        ucl_compress_config_t config{};
        std::memset(&config, 0xff, sizeof config);  // "as you like", but for two
        config.bb_endian = 0;
        config.bb_size = 32;
        const auto with = [&](auto compress) {
            return compress(in, size, out, &made, nullptr, 5, &config, nullptr);
        };
        int status = UCL_E_ERROR;
        if (method_ == Method::nrv2b) status = with(ucl_nrv2b_99_compress);
        if (method_ == Method::nrv2d) status = with(ucl_nrv2d_99_compress);
        if (method_ == Method::nrv2e) status = with(ucl_nrv2e_99_compress);
        if (status != UCL_E_OK) throw std::runtime_error("UCL does not compress");
        return made;
    }

    static std::size_t with_lzma(std::string_view bytes, std::string& to) {
        lzma_options_lzma options;
        if (lzma_lzma_preset(&options, 6)) throw std::runtime_error("liblzma has no preset 6");
        const lzma_filter filters[] = {{LZMA_FILTER_LZMA1, &options}, {LZMA_VLI_UNKNOWN, nullptr}};
        to[0] = static_cast<char>(options.pb);
        to[1] = static_cast<char>(options.lp << 4U | options.lc);
        std::size_t made = 2;
        if (lzma_raw_buffer_encode(filters, nullptr,
                                   reinterpret_cast<const std::uint8_t*>(bytes.data()),
                                   bytes.size(), reinterpret_cast<std::uint8_t*>(to.data()), &made,
                                   to.size()) != LZMA_OK) {
            throw std::runtime_error("liblzma does not compress");
        }
        return made;
    }

    Method method_;
    std::size_t block_size_;
    std::string out_, unloaded_;
};

}  // namespace stratascan::test
