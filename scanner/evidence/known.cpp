// Values that vendors publish in their documentation, and defaults that
// emulators and development machines ship. They are listed by the SHA-256 of the
// value, so that this list holds no secret and trips no scanner; public keys are
// listed by their fingerprint. A value that calls itself an example needs no
// entry: the checks see that word.
#include <algorithm>
#include <array>

#include "scanner/evidence/checks.hpp"
#include "scanner/evidence/codec.hpp"
#include "scanner/evidence/known_keys.hpp"

namespace stratascan::evidence::checks {

namespace {

/// Sorted. What each one is stands in its row's comment.
constexpr std::array<std::string_view, 30> published_values = {
    "0011cc25eb4320717494d2703e8cba85743e71b500283c21c8b88147992f9059",  // Azurite storage key
    "00cf4c781dc37003f7c7dd7d4c9a6ef1e0f4c62d9a291aa8bc398774e3fefd32",  // RFC 6749
    "1d23b6b67fde9263896ffd38cb422c62669b806d5ba5a9aeb73169639de76346",  // AWS API reference
    "293257ab6495ebb11cf9e4aee0686ca30df8de2ab8d251f2cbbcf177bdfcae91",  // RFC 5849
    "2cafc0970149a84f3b9e62eaf169f36f59907a3b3e31f7b82e68c69cd27f7326",  // Stripe's test key
    "2d1f7723aabc5c7a51fcdc2463c99b5f3fdbc57cf3134db4ac12913c35976e6f",  // Stripe's, an older one
    "2ff8b0fb93aca981c78f1e94355c298c23435461f1072ef4674848e620371787",  // RFC 5849
    "478a1f81e64dbf283be17b6a7b22f242f46a6ad8e8ca041e5e1da5cb1eaa7aad",  // AWS API reference
    "577cfe66bf6c95ddd0aa06c4ac4fc36f6cf641fdad7ab445b33071fea3612f74",  // AWS API reference
    "584b27d64ebc1b3341f7fc9a9c3f1a54422e9a1ca3079fd5531d9f489219f8d0",  // RFC 6749
    "649e1f5c769e718ba10d1a702a36499a731441d960b06da91c4c97786bf84595",  // RFC 5849
    "687da00b09c83361bf3a2853b3a0c7d63ca5da870c8d3cdc20905c7aa546840a",  // RFC 7617
    "6aa14267d94944e6b6483c81f5ad37f87bbc7e88aa368d4aba1e71e0b79cd8c4",  // RFC 5849
    "6c96130f130ab0d6d158397e24d2bcc1c9a5e73ae081f6e983f1c7b545d24a4c",  // RFC 6749
    "78314b11be2e581549ac1c4f616563fad3fdf0c3b71678f6e2299182080e0598",  // AWS documentation
    "7f75367e7881255134e1375e723d1dea8ad5f6a4fdb79d938df1f1754a830606",  // jwt.io's first page
    "80f8b7c904d4a43f3b7036db73247daafe15b3f647b337d19031ff67b7c1a177",  // RFC 5849
    "8d567eb88afff34f31ab97fbb2731e582703bdeaf3c92b989cf568e0b23cef31",  // RFC 5849
    "9d03b692e941d5ace207a9f8048834439f6de98e5c6c1590c22c4f4577c88a42",  // RFC 5849
    "a35b81a7d7927b70ec99270dd2362b88580a28574af812f2c02f56469579186f",  // RFC 6749
    "aa6547439583c3a275d4542a0df6c1ad6a863971be9f2a2220f027cc02aef615",  // Cosmos DB emulator key
    "b8e148545b13c78bc74da2f1a7275dd71e56ddece129d7d2f7b3ecc06f7994da",  // RFC 6750
    "bb9b1163338b2a51495834ad5c65420443d6327381cf0f94ebf92b117f209d72",  // RFC 5849
    "ca7459e2b26776de081b9a07e40227fd6cff232a1e3233ff6b6aa6d036ca9981",  // RFC 6749
    "cb87c87e4a138d9a72259d2a01bab15623c9846e568c1509b287721645a6ea53",  // RFC 5849
    "cf4d418ed3de92d71f767db5391d5a2dacd40e1ce49e75d1137e2ecf4982d844",  // RFC 7617
    "e21b597ba6b9cafa59d9ebc4d65c0385f5eb3fa56abab2607fa76589ad849a33",  // AWS documentation
    "e9974c507d2a802143f614c878fcbb622a3800e05e6e0d329fee2c5b6b243329",  // RFC 6749
    "f2d6ca16515033e5dce14eba840b979d27b5cbae24bb3e5bf484339667f86397",  // Stripe's, an older one
    "f420161d76f067dddce7bd3f694d8176326edc0a48d628ef8a3739a75dac5318",  // AWS API reference
};
static_assert(std::is_sorted(published_values.begin(), published_values.end()));

struct PublishedKey {
    std::string_view public_key;  ///< "SHA256:…" of the SSH form, or hex SHA-256 of the SPKI
    std::string_view name;
};

constexpr std::array<PublishedKey, 8> published_keys = {{
    {"SHA256:1M4RzhMyWuFS/86uPY/ce2prh/dVTHW7iD2RhpquOZA", "Vagrant's insecure key"},
    {"215fde895c12883e29036f5bd38c22467657f3cabbc77d7e9e328ab5f4ae39f2", "GnuTLS self-test key"},
    {"5a9214aa789ffe021992636dd17ca313f340948e604d4122735160f3d46688a0", "GnuTLS self-test key"},
    {"5bd7bad40971be901e68d9b97405c3a3e996adbede885869b270185ad499108e", "GnuTLS self-test key"},
    {"6e1900f654edb2e599930c8a287c7263ea170f010826630893227e7cec221586", "GnuTLS self-test key"},
    {"965237ca6ba836733f2b6436d66516dc01ef2d58825d3b4aa6b9061a76c7a9ce", "GnuTLS self-test key"},
    {"c305f632b9f12913e548002d5e48435fccfb7a54f4e6f2255c055d9b99794b69", "GnuTLS self-test key"},
    {"dd0701715ac41b7b96a2c8fe7a762b0ee05215f4f21c44d9458f1d2e2d57427d", "GnuTLS self-test key"},
}};

}  // namespace

bool is_published_value(std::string_view value) {
    // No listed value is longer; a hostile megabyte need not be hashed.
    constexpr std::size_t longest = 512;
    if (value.size() > longest) return false;
    return std::binary_search(published_values.begin(), published_values.end(),
                              std::string_view(hex(sha256(value))));
}

std::string published_key(std::string_view ssh_fingerprint, std::string_view spki_sha256) {
    for (const PublishedKey& key : published_keys) {
        if (key.public_key == ssh_fingerprint || key.public_key == spki_sha256) {
            return std::string(key.name);
        }
    }
    for (const std::string_view key : {spki_sha256, ssh_fingerprint}) {
        const std::string_view package = package_of_key(known_key_list(), key);
        if (!package.empty()) return "shipped by " + std::string(package);
    }
    return {};
}

}  // namespace stratascan::evidence::checks

namespace stratascan::evidence {

bool is_published_example(std::string_view value) { return checks::is_published_value(value); }

}  // namespace stratascan::evidence
