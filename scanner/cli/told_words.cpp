#include "scanner/cli/told_words.hpp"

#include <fmt/format.h>

#include "scanner/cli/command.hpp"
#include "scanner/engine.hpp"
#include "scanner/layer/told_texts.hpp"

namespace stratascan::cli {

namespace {

// Of a text as long as a line of a report may be. Its ends say most: where something is, and what
// is wrong with it.
constexpr std::size_t longest_told = 600;

// Not within a character of UTF-8, which would be shown as broken bytes.
std::size_t begin_of_character(std::string_view text, std::size_t at) {
    while (at > 0 && at < text.size() && (static_cast<unsigned char>(text[at]) & 0xc0) == 0x80) --at;
    return at;
}

std::string cut(std::string_view text) {
    if (text.size() <= longest_told) return std::string(text);
    const std::size_t head = begin_of_character(text, longest_told / 3 * 2);
    const std::size_t tail = begin_of_character(text, text.size() - longest_told / 3);
    return fmt::format("{}… ({} bytes are left out) …{}", text.substr(0, head), tail - head,
                       text.substr(tail));
}

}  // namespace

struct ToldWords::Looking {
    Engine engine;
    identity::SecretKey key;
    layer::WindowScanner scanner;

    Looking(Engine loaded, identity::SecretKey passing)
        : engine(std::move(loaded)), key(std::move(passing)),
          scanner(*engine.rules, *engine.database, engine.sieve.get(), key,
                  {.secrets = true, .programs = false}) {}
};

ToldWords::ToldWords(Sandbox& sandbox) : sandbox_(sandbox) {}
ToldWords::~ToldWords() = default;

ToldWords::Looking* ToldWords::looking() {
    if (looking_) return looking_.get();
    auto engine = load_engine({});
    auto key = identity::SecretKey::passing();
    if (engine && key) looking_ = std::make_unique<Looking>(std::move(*engine), std::move(*key));
    return looking_.get();
}

void ToldWords::clean_inside(const std::vector<std::string*>& texts) {
    if (Looking* const with = looking()) return layer::clean_texts(texts, with->scanner);
    for (std::string* const text : texts) text->clear();
}

void ToldWords::clean(const std::vector<std::string*>& texts) {
    if (!texts.empty()) sandbox_.run([&] { clean_inside(texts); });
}

std::string ToldWords::cleaned(std::string_view text) {
    std::string clean_text(text);
    clean_inside({&clean_text});
    return clean_text;
}

std::string ToldWords::message(const Error& error) {
    Error clean_error = error;
    clean({&clean_error.what, &clean_error.where, &clean_error.hint});
    for (auto* const text : {&clean_error.what, &clean_error.where, &clean_error.hint}) {
        *text = cut(*text);
    }
    return clean_error.message();
}

int complain_of(const Error& error) { return complain(told({error}).front()); }

std::vector<std::string> told(const std::vector<Error>& errors) {
    std::vector<std::string> lines;
    if (errors.empty()) return lines;
    auto sandbox = Sandbox::create(Options::SandboxMode::automatic);
    if (!sandbox) return {sandbox.error().message()};
    ToldWords words(**sandbox);
    for (const Error& error : errors) lines.push_back(words.message(error));
    return lines;
}

}  // namespace stratascan::cli
