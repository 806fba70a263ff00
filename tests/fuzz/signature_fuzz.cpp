// What is attached to an image, of any bytes: manifests that refer to it, cosign's payloads,
// envelopes and bundles, and a public key to hold them against. Pieces are cut at NULs: the
// key (empty: a sound one), a manifest, a signature in base64, then blobs.
//
// Nothing the input makes up is verified by a key that was made here and never signed.
#include <openssl/evp.h>
#include <openssl/pem.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "scanner/image/attachments.hpp"
#include "scanner/policy/signature.hpp"
#include "scanner/policy/subject.hpp"
#include "scanner/source/digest.hpp"
#include "scanner/source/file_blob.hpp"

namespace {

using namespace stratascan;

std::string fresh_public_key() {
    const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key(EVP_EC_gen("P-256"),
                                                                  &EVP_PKEY_free);
    const std::unique_ptr<BIO, decltype(&BIO_free_all)> out(BIO_new(BIO_s_mem()), &BIO_free_all);
    PEM_write_bio_PUBKEY(out.get(), key.get());
    char* text = nullptr;
    const auto size = BIO_get_mem_data(out.get(), &text);
    return {text, static_cast<std::size_t>(size)};
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static const auto own = policy::VerifyKey::parse(fresh_public_key(), "own.pem");
    if (!own) __builtin_trap();
    std::string_view rest(reinterpret_cast<const char*>(data), size);
    const auto next = [&rest] {
        const std::size_t end = std::min(rest.find('\0'), rest.size());
        std::string piece(rest.substr(0, end));
        rest.remove_prefix(std::min(rest.size(), end + 1));
        return piece;
    };
    const std::string pem = next();
    const auto given = policy::VerifyKey::parse(pem, "given.pem");
    if (!given && given.error().message().find(pem) != std::string::npos && pem.size() > 30) {
        __builtin_trap();
    }

    // The image, and beside it one that says it is about the image.
    source::ImageRef image, about;
    image.digest = source::compute_digest("sha256", "an image");
    about.kind = "artifact";
    about.manifest = next();
    about.digest = source::compute_digest("sha256", about.manifest);
    about.names = {"r.example/a:sha256-" + image.digest.substr(7) + ".sig"};
    const std::string signature = next();
    static constexpr const char* types[] = {
        "application/vnd.dev.cosign.simplesigning.v1+json",
        "application/vnd.dsse.envelope.v1+json", "application/vnd.dev.sigstore.bundle.v0.3+json",
        "application/jose+json", "application/vnd.in-toto+json"};
    std::vector<std::string> blobs;
    while (!rest.empty() && blobs.size() < 8) blobs.push_back(next());
    for (std::size_t i = 0; i < blobs.size(); ++i) {
        source::LayerRef layer;
        layer.key = std::to_string(i);
        layer.digest = source::compute_digest("sha256", blobs[i]);
        layer.media_type = types[i % std::size(types)];
        layer.size = static_cast<std::int64_t>(blobs[i].size());
        layer.annotations["dev.cosignproject.cosign/signature"] = signature;
        about.layers.push_back(std::move(layer));
    }
    const auto attached = image::find_attachments(
        {image, about}, [&](const source::LayerRef& layer) -> std::unique_ptr<source::BlobReader> {
            return source::open_memory_blob(blobs.at(std::stoul(layer.key)));
        });
    const auto check =
        policy::check_signatures({image.digest}, attached, *own, 1'780'000'000);
    if (check.holds || !check.verified.empty()) __builtin_trap();
    if (given) {
        static_cast<void>(
            policy::check_signatures({image.digest}, attached, *given, 1'780'000'000));
    }
    return 0;
}
