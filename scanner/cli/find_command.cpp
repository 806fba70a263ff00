// The command `find`: which images have it, or ever had it?
#include <openssl/crypto.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <iterator>
#include <memory>

#include "scanner/cli/command.hpp"
#include "scanner/cli/form.hpp"
#include "scanner/cli/stored.hpp"
#include "scanner/identity/secret_key.hpp"
#include "scanner/report/matches.hpp"
#include "scanner/store/key_prints.hpp"
#include "scanner/text_file.hpp"

namespace stratascan::cli {

namespace {

constexpr std::size_t most_secret_bytes = std::size_t{16} << 20;
constexpr std::size_t default_limit = 100'000;

struct FindArguments {
    store::Question question;
    std::string store, secret_file, key, key_file;
    Form form;
    bool quiet = false;
};

Result<std::string> read_secret(const std::string& path) {
    auto bytes = path == "-" ? read_text_file(STDIN_FILENO, path, most_secret_bytes)
                             : read_text_file(path, most_secret_bytes);
    if (bytes && bytes->empty()) return fail(ErrorCode::invalid_argument, "it is empty", path);
    return bytes;
}

// The names of the bytes as they are, and without the line's end that an editor or echo
// puts behind a secret.
std::vector<std::string> names_of(const std::string& bytes, const identity::SecretKey& key) {
    std::vector<std::string> names{key.name(bytes)};
    std::string_view bare = bytes;
    if (bare.ends_with('\n')) bare.remove_suffix(1);
    if (bare.ends_with('\r')) bare.remove_suffix(1);
    if (bare.size() < bytes.size() && !bare.empty()) {
        std::string name = key.name(bare);
        if (name != names[0]) names.push_back(std::move(name));
    }
    return names;
}

/// Hashes the secret here. True in `blind` where the store has secrets that other keys
/// name, so that they can't be told.
Result<void> name_secret(FindArguments& arguments, store::Store& store, bool& blind) {
    auto key = identity::SecretKey::load(arguments.key_file);
    if (!key) return std::unexpected(key.error());
    auto secret = read_secret(arguments.secret_file);
    if (!secret) return std::unexpected(secret.error());
    arguments.question.secret_ids = names_of(*secret, *key);
    OPENSSL_cleanse(secret->data(), secret->size());
    const auto keys = store.keys();
    if (!keys) return std::unexpected(keys.error());
    const auto ours = std::count(keys->begin(), keys->end(), key->public_id());
    blind = std::cmp_less(ours, keys->size());
    return {};
}

Result<void> name_key(FindArguments& arguments) {
    auto bytes = read_secret(arguments.key);
    if (!bytes) return std::unexpected(bytes.error());
    auto prints = store::key_prints(*bytes);
    OPENSSL_cleanse(bytes->data(), bytes->size());
    if (!prints) {
        Error error = prints.error();
        error.where = arguments.key;
        return std::unexpected(std::move(error));
    }
    std::copy(prints->begin(), prints->end(),
              std::back_inserter(arguments.question.fingerprints));
    return {};
}

bool asks_nothing(const FindArguments& arguments) {
    const store::Question& q = arguments.question;
    return arguments.secret_file.empty() && arguments.key.empty() && q.fingerprints.empty() &&
           q.account.empty() && q.rule.empty() && q.program.empty() && q.path.empty() &&
           q.sha256.empty() && q.image.empty() && q.layer.empty();
}

int find(FindArguments& arguments) {
    if (asks_nothing(arguments)) return complain("find what? (see stratascan find --help)");
    auto store = open_stored(arguments.store);
    if (!store) return complain(store.error().message());
    bool blind = false;
    if (!arguments.secret_file.empty()) {
        if (auto named = name_secret(arguments, **store, blind); !named) {
            return complain(named.error().message());
        }
    }
    if (!arguments.key.empty()) {
        if (auto named = name_key(arguments); !named) return complain(named.error().message());
    }
    auto answer = (*store)->find(arguments.question);
    if (!answer) return complain(answer.error().message());
    if (blind) {
        answer->notes.emplace_back(
            "the store has secrets that were named with another key: ask for them with "
            "--key-file, or scan again");
    }
    if (answer->matches.empty() && !arguments.question.sha256.empty()) {
        answer->notes.emplace_back(
            "no layer, manifest, config or key of the store has this digest; digests of the "
            "files in layers are not kept, so of a file this says nothing");
    }
    const std::string& format = arguments.form.format;
    const std::string text = format == "json"  ? report::write_matches_json(*answer)
                             : format == "csv" ? report::write_matches_csv(*answer)
                                               : report::write_matches_table(
                                                     *answer, table_style(arguments.form));
    if (!write_output(arguments.form.output, text)) return exit_failed;
    if (!answer->matches.empty()) return exit_findings;
    return blind ? exit_incomplete : exit_clean;
}

void add_questions(CLI::App& command, FindArguments& arguments) {
    store::Question& question = arguments.question;
    auto* const what = command.add_option_group(
        "what", "What to look for. All that is given must hold of one place");
    what->add_option("--secret-file", arguments.secret_file,
                     "The secret in this file, or - for standard input; it is hashed here, with\n"
                     "and without the line's end behind it");
    what->add_option("--key", arguments.key,
                     "The key that this file has the private half, the public half or the\n"
                     "certificate of");
    what->add_option("--fingerprint", question.fingerprints,
                     "A key by its SHA256:… as ssh-keygen -l prints it, or by the hex SHA-256 of\n"
                     "its DER public key")
        ->allow_extra_args(false);
    what->add_option("--aws-account", question.account, "Access keys of this account, 12 digits");
    what->add_option("--rule", question.rule, "Findings of this rule");
    auto* const program = what->add_option("--program", question.program, "This program");
    what->add_option("--version", question.version,
                     "Versions of the program: <7.88, or >=1.2,<2, or =1.36.1")
        ->needs(program);
    what->add_option("--path", question.path,
                     "Findings and programs in files of this name: * within a name, ** across\n"
                     "folders; without a slash it is the last name");
    what->add_option("--sha256", question.sha256,
                     "What has this digest: a layer, a manifest, a config, a public key; not a file\n"
                     "in a layer, for those have no digest in the store");
    what->add_option("--image", question.image,
                     "An image: its digest, a repository, repository:tag, or a file that was\n"
                     "scanned");
    what->add_option("--layer", question.layer, "A layer by its digest");
}

}  // namespace

void add_find_command(CLI::App& app, int& code) {
    auto arguments = std::make_shared<FindArguments>();
    arguments->question.limit = default_limit;
    CLI::App* const command =
        app.add_subcommand("find", "Ask the store which images have something, or ever had it");
    command->footer(
        "Each place is told with its repository, tags with their dates, digest, platform,\n"
        "layer, path, visibility and build step, and whether it can still be pulled.\n\n"
        "Exit codes: 0 nothing found, 1 found, 2 nothing found but the store has secrets that\n"
        "another key names, 3 the store can't be asked.");
    add_questions(*command, *arguments);
    add_store_place(*command, arguments->store);
    command->add_option("--key-file", arguments->key_file,
                        "Key of the HMAC that names secrets (default: the one made on first use)");
    command->add_option("--limit", arguments->question.limit, "Places to tell at most; 0: all")
        ->capture_default_str();
    add_form(*command, arguments->form, {"table", "json", "csv"});
    command->callback([arguments, &code] { code = find(*arguments); });
}

}  // namespace stratascan::cli
