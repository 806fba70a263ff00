// A store in a folder that is gone when the test ends.
#pragma once

#include <sys/stat.h>

#include <memory>
#include <stdexcept>
#include <string>

#include "scanner/store/database.hpp"
#include "scanner/store/store.hpp"
#include "tests/support/image_builder.hpp"
#include "tests/support/results.hpp"

namespace stratascan::test {

class OpenedStore {
public:
    OpenedStore() { open(); }

    store::Store* operator->() const { return store_.get(); }
    [[nodiscard]] std::string path() const { return folder_.path("data/store.sqlite"); }

    void close() { store_.reset(); }
    void open() {
        auto opened = store::Store::open(path(), true);
        if (!opened) throw std::runtime_error(opened.error().message());
        store_ = std::move(*opened);
    }

    /// What a test does to the file behind the store's back.
    void damage(const std::string& sql) const {
        auto database = store::Database::open(path(), store::Database::Mode::read_write, 1000);
        if (!database) throw std::runtime_error(database.error().message());
        (*database)->script("pragma foreign_keys = off; " + sql);
        if ((*database)->failed()) throw std::runtime_error((*database)->failure().message());
    }

    store::LayerId put(const layer::LayerResult& result, const store::Ruleset& rules,
                       bool reusable = true) const {
        const auto id = store_->put_layer(result, rules, reusable);
        if (!id) throw std::runtime_error(id.error().message());
        return *id;
    }

    /// A registry's repository with one image under `tag`.
    store::RepositoryId add(const std::string& repository, const std::string& tag,
                            const store::ImageRecord& image, store::Time now) const {
        const auto id = *store_->begin_repository({"r.example", repository, repository}, now);
        see(id, tag, image, now);
        finish(id, now);
        return id;
    }
    void see(store::RepositoryId id, const std::string& tag, const store::ImageRecord& image,
             store::Time now) const {
        must(store_->record_image(id, image, now));
        must(store_->observe_tag(id, tag, image.manifest.digest, now));
    }
    void finish(store::RepositoryId id, store::Time now,
                store::LookState state = store::LookState::whole) const {
        must(store_->finish_repository(id, state, "", now));
    }

    [[nodiscard]] std::vector<store::Match> find(const store::Question& question) const {
        auto answer = store_->find(question);
        if (!answer) throw std::runtime_error(answer.error().message());
        return std::move(answer->matches);
    }

    static void must(const Result<void>& done) {
        if (!done) throw std::runtime_error(done.error().message());
    }

private:
    TempDir folder_;
    std::unique_ptr<store::Store> store_;
};

}  // namespace stratascan::test
