#include "scanner/nested/git_object.hpp"

#include <fmt/format.h>
#include <openssl/evp.h>

#include <algorithm>
#include <charconv>
#include <cstring>
#include <new>
#include <utility>

#include "scanner/nested/git_history.hpp"

namespace stratascan::nested {

std::string_view to_string(GitKind kind) noexcept {
    constexpr std::array<std::string_view, 5> names = {"object", "commit", "tree", "blob", "tag"};
    return names[static_cast<std::size_t>(kind)];
}

GitId GitId::of(std::string_view raw) noexcept {
    GitId id;
    id.size = static_cast<std::uint8_t>(std::min(raw.size(), id.bytes.size()));
    std::memcpy(id.bytes.data(), raw.data(), id.size);
    return id;
}

std::string to_hex(std::string_view raw) {
    constexpr std::string_view digits = "0123456789abcdef";
    std::string hex;
    hex.reserve(2 * raw.size());
    for (const char c : raw) {
        hex += digits[static_cast<unsigned char>(c) >> 4U];
        hex += digits[static_cast<unsigned char>(c) & 15U];
    }
    return hex;
}

std::optional<GitId> id_from_hex(std::string_view hex) noexcept {
    if (hex.size() != 40 && hex.size() != 64) return std::nullopt;
    GitId id;
    id.size = static_cast<std::uint8_t>(hex.size() / 2);
    for (std::size_t i = 0; i < hex.size(); ++i) {
        const char c = hex[i];
        const bool digit = c >= '0' && c <= '9';
        if (!digit && (c < 'a' || c > 'f')) return std::nullopt;
        const int value = digit ? c - '0' : c - 'a' + 10;
        id.bytes[i / 2] = static_cast<char>(static_cast<unsigned char>(id.bytes[i / 2]) << 4U | value);
    }
    return id;
}

void GitHasher::Free::operator()(EVP_MD_CTX* context) const noexcept { EVP_MD_CTX_free(context); }

GitHasher::GitHasher(GitHash hash) : context_(EVP_MD_CTX_new()), hash_(hash) {
    if (!context_) throw std::bad_alloc();
    begin();
}

void GitHasher::begin() {
    if (EVP_DigestInit_ex(context_.get(), hash_ == GitHash::sha1 ? EVP_sha1() : EVP_sha256(),
                          nullptr) != 1) {
        throw std::bad_alloc();
    }
}

void GitHasher::begin(GitKind kind, std::uint64_t size) {
    begin();
    std::string head = fmt::format("{} {}", to_string(kind), size);
    head += '\0';
    add(head);
}

void GitHasher::add(std::string_view bytes) {
    EVP_DigestUpdate(context_.get(), bytes.data(), bytes.size());
}

GitId GitHasher::finish() {
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned size = 0;
    EVP_DigestFinal_ex(context_.get(), digest.data(), &size);
    return GitId::of({reinterpret_cast<const char*>(digest.data()), bytes_of(hash_)});
}

GitId id_of(GitHasher& hasher, GitKind kind, std::string_view contents) {
    hasher.begin(kind, contents.size());
    hasher.add(contents);
    return hasher.finish();
}

std::optional<LooseHeader> read_loose_header(std::string_view head) noexcept {
    LooseHeader header;
    for (const GitKind kind : {GitKind::commit, GitKind::tree, GitKind::blob, GitKind::tag}) {
        const std::string_view name = to_string(kind);
        if (!head.starts_with(name) || head.size() <= name.size() || head[name.size()] != ' ') {
            continue;
        }
        const char* const from = head.data() + name.size() + 1;
        const char* const to = head.data() + std::min<std::size_t>(head.size(), 32);
        const auto [end, error] = std::from_chars(from, to, header.contents);
        if (error != std::errc() || end == to || *end != '\0') return std::nullopt;
        header.kind = kind;
        header.bytes = static_cast<std::size_t>(end - head.data()) + 1;
        return header;
    }
    return std::nullopt;
}

std::string object_step(GitKind kind, const GitId& id) {
    return fmt::format("{} {}", to_string(kind), to_hex(id.view()));
}

namespace {

class GitObjectParser final : public ArchiveParser {
public:
    GitObjectParser(GitHistory& history, std::uint32_t repository, GitHash hash,
                    std::optional<GitId> claimed, std::uint64_t memory)
        : history_(history), repository_(repository), hasher_(hash), claimed_(claimed),
          memory_(memory) {}

    Found step(std::string_view& in, bool last) override {
        switch (state_) {
            case State::header: return read_header(in, last);
            case State::gather:
                gather(held_, in, static_cast<std::size_t>(object_.contents));
                if (held_.size() < object_.contents && !last) return Found::need_input;
                return end_gathering();
            case State::show:
                state_ = State::shown;
                return say(Found::contents, held_);
            case State::shown:
                state_ = State::rest;
                return Found::member_end;
            case State::pass:
                if (object_.contents == 0 || (in.empty() && last)) {
                    state_ = State::rest;
                    return Found::member_end;
                }
                if (in.empty()) return Found::need_input;
                return run(Found::contents, in, object_.contents);
            case State::rest: break;
        }
        if (in.empty()) return Found::need_input;
        std::uint64_t left = in.size();
        return run(Found::aside, in, left);
    }
    [[nodiscard]] std::uint64_t hold() const override { return held_.capacity(); }

private:
    enum class State : std::uint8_t { header, gather, show, shown, pass, rest };

    Found read_header(std::string_view& in, bool last) {
        while (!in.empty() && held_.size() < longest_header && !held_.ends_with('\0')) {
            held_ += in.front();
            in.remove_prefix(1);
        }
        const bool whole = held_.ends_with('\0') || held_.size() == longest_header;
        if (!whole && !last) return Found::need_input;
        const auto header = read_loose_header(held_);
        if (!header) {
            state_ = State::rest;
            return damaged("git object: damaged header", held_);
        }
        object_ = *header;
        header_ = std::exchange(held_, {});
        state_ = object_.contents <= memory_ ? State::gather : State::pass;
        return state_ == State::gather ? step(in, last) : begin(claimed_, object_.contents);
    }

    // Cut short, it has no hash, and history is not told of it.
    Found end_gathering() {
        state_ = held_.empty() ? State::shown : State::show;
        if (held_.size() < object_.contents) return begin(claimed_, held_.size());
        const GitId id = id_of(hasher_, object_.kind, held_);
        history_.add_object(repository_, object_.kind, id, held_);
        return begin(id, held_.size());
    }

    Found begin(const std::optional<GitId>& id, std::uint64_t bytes) {
        head_ = {};
        head_.name = id ? object_step(object_.kind, *id) : std::string(to_string(object_.kind));
        head_.bytes = bytes;
        return Found::member;
    }

    static constexpr std::size_t longest_header = 32;

    GitHistory& history_;
    std::uint32_t repository_;
    GitHasher hasher_;
    std::optional<GitId> claimed_;
    std::uint64_t memory_;
    State state_ = State::header;
    std::string held_;
    LooseHeader object_;
};

}  // namespace

std::unique_ptr<ArchiveParser> make_git_object_parser(GitHistory& history,
                                                      std::uint32_t repository, GitHash hash,
                                                      std::optional<GitId> claimed,
                                                      std::uint64_t memory) {
    return std::make_unique<GitObjectParser>(history, repository, hash, claimed, memory);
}

}  // namespace stratascan::nested
