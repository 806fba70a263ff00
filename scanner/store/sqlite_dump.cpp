// The whole store as JSON, a row a line, for other tools. What is packed is told in the
// words of reports; nothing is in the clear that is not so in the store.
#include "scanner/report/json_members.hpp"
#include "scanner/report/json_writer.hpp"
#include "scanner/store/hex.hpp"
#include "scanner/store/sqlite_store.hpp"

namespace stratascan::store {

namespace {

using report::JsonWriter;

class Line {
public:
    explicit Line(std::string_view kind) : json_(text_, JsonWriter::Style::line) {
        json_.begin_object();
        json_.member("kind", kind);
    }
    Line& text(std::string_view name, std::string_view value) {
        json_.key(name);
        if (value.empty()) json_.null();
        else json_.value(value);
        return *this;
    }
    Line& number(std::string_view name, std::int64_t value) {
        json_.member(name, value);
        return *this;
    }
    Line& optional(std::string_view name, const Rows& row, int column) {
        json_.key(name);
        if (row.is_null(column)) json_.null();
        else json_.value(row.number(column));
        return *this;
    }
    JsonWriter& json() { return json_; }
    std::string_view end() {
        json_.end_object();
        return text_;
    }

private:
    std::string text_;
    JsonWriter json_;
};

}  // namespace

Result<void> SqliteStore::dump(const std::function<bool(std::string_view line)>& take) {
    const auto lock = begin();
    bool more = true;
    const auto give = [&](Line& line) { more = more && take(line.end()); };
    {
        Rows r = database_->query(
            "select r.hash, k.public_id, r.engine, r.rules, r.secrets, r.programs, r.id "
            "from ruleset r join hmac_key k on k.id = r.hmac_key order by r.id");
        while (more && r.next()) {
            Line line("ruleset");
            line.number("id", r.number(6)).text("hash", r.view(0)).text("key", r.view(1));
            line.text("engine", r.view(2)).text("rules", r.view(3));
            line.number("secrets", r.number(4)).number("programs", r.number(5));
            give(line);
        }
    }
    {
        Rows r = database_->query(
            "select g.name, r.name, r.target, r.first_seen, r.last_seen, r.gone_at, r.state, "
            "r.reason from repository r join registry g on g.id = r.registry order by r.id");
        while (more && r.next()) {
            Line line("repository");
            line.text("registry", r.view(0)).text("repository", r.view(1));
            line.text("target", r.view(2)).number("first_seen", r.number(3));
            line.number("last_seen", r.number(4)).optional("gone_at", r, 5);
            line.text("state", r.view(6)).text("reason", r.view(7));
            give(line);
        }
    }
    {
        Rows r = database_->query("select id, digest, kind, media_type, config_digest, platform, "
                                  "created, subject from manifest order by id");
        while (more && r.next()) {
            Line line("manifest");
            line.text("digest", r.view(1)).text("type", r.view(2)).text("media_type", r.view(3));
            line.text("config_digest", r.view(4)).text("platform", r.view(5));
            line.text("created", r.view(6)).text("subject", r.view(7));
            line.json().key("layers").begin_array();
            Rows layers = database_->query("select b.digest from manifest_layer l join blob b on "
                                           "b.id = l.blob where l.manifest = ? order by "
                                           "l.position",
                                           r.number(0));
            while (layers.next()) line.json().value(layers.view(0));
            line.json().end_array();
            line.json().key("children").begin_array();
            Rows children = database_->query(
                "select child from manifest_child where parent = ? order by position",
                r.number(0));
            while (children.next()) line.json().value(children.view(0));
            line.json().end_array();
            give(line);
        }
    }
    {
        Rows r = database_->query(
            "select g.name, r.name, m.digest, p.first_seen, p.last_seen, p.gone_at "
            "from repo_manifest p join repository r on r.id = p.repository "
            "join registry g on g.id = r.registry join manifest m on m.id = p.manifest "
            "order by p.id");
        while (more && r.next()) {
            Line line("image");
            line.text("registry", r.view(0)).text("repository", r.view(1));
            line.text("digest", r.view(2)).number("first_seen", r.number(3));
            line.number("last_seen", r.number(4)).optional("gone_at", r, 5);
            give(line);
        }
    }
    {
        Rows r = database_->query(
            "select g.name, r.name, t.tag, m.digest, t.seen_from, t.seen_until, t.closed_at "
            "from tag_history t join repository r on r.id = t.repository "
            "join registry g on g.id = r.registry join manifest m on m.id = t.manifest "
            "order by t.id");
        while (more && r.next()) {
            Line line("tag");
            line.text("registry", r.view(0)).text("repository", r.view(1));
            line.text("tag", r.view(2)).text("digest", r.view(3)).number("from", r.number(4));
            line.number("until", r.number(5)).optional("closed_at", r, 6);
            give(line);
        }
    }
    Rows scans = database_->query("select s.id, b.digest, s.ruleset, s.scanned_at, s.reusable "
                                  "from layer_scan s left join blob b on b.id = s.blob "
                                  "order by s.id");
    while (more && scans.next()) {
        const auto result = read_layer(scans.number(0));
        Line line("layer");
        line.number("id", scans.number(0)).text("digest", scans.view(1));
        line.number("ruleset", scans.number(2)).number("scanned_at", scans.number(3));
        line.text("state", result ? stratascan::to_string(result->state) : "damaged");
        if (result) {
            line.text("reason", result->state_reason);
            line.number("files", static_cast<std::int64_t>(result->files));
            line.number("bytes", static_cast<std::int64_t>(result->bytes));
            report::write_gaps(line.json(), result->gaps);
        }
        give(line);
        if (!result) continue;
        const auto give_item = [&](std::string_view kind, const auto& item) {
            Line row(kind);
            row.number("layer_id", scans.number(0));
            report::write_members(row.json(), item);
            give(row);
        };
        for (const layer::LayerFinding& found : result->findings) {
            if (more) give_item("finding", found.finding);
        }
        for (const layer::LayerProgram& found : result->programs) {
            if (more) give_item("program", found.program);
        }
    }
    return done();
}

}  // namespace stratascan::store
