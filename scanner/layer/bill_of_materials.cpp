#include "scanner/layer/bill_of_materials.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>
#include <vector>

#include "scanner/json/json_shape.hpp"
#include "scanner/layer/package_facts.hpp"

namespace stratascan::layer {

namespace {

using Json = nlohmann::json;

// A name or a path is a file's where a document says so, however it spells its root.
std::uint64_t key_of(std::string_view text) noexcept {
    if (text.starts_with("./")) text.remove_prefix(2);
    else if (text.starts_with('/')) text.remove_prefix(1);
    return packaged_path_key(text);
}

// What an object or an array of a document is, by the keys that lead to it.
enum class Place : std::uint8_t {
    other, root, packages, package, files, file, components, component, evidence, occurrences,
    occurrence, graph, element, artifacts, artifact
};

// The place of a value below `place` under `key`; elements of arrays have no key.
Place place_below(Place place, std::string_view key) noexcept {
    switch (place) {
        case Place::root:
            if (key == "packages") return Place::packages;
            if (key == "files") return Place::files;
            if (key == "components") return Place::components;
            if (key == "@graph") return Place::graph;
            if (key == "artifacts") return Place::artifacts;
            return Place::other;
        case Place::component:
            if (key == "components") return Place::components;
            return key == "evidence" ? Place::evidence : Place::other;
        case Place::evidence: return key == "occurrences" ? Place::occurrences : Place::other;
        case Place::packages: return Place::package;
        case Place::files: return Place::file;
        case Place::components: return Place::component;
        case Place::occurrences: return Place::occurrence;
        case Place::graph: return Place::element;
        case Place::artifacts: return Place::artifact;
        default: return Place::other;
    }
}

// Takes what a parser tells it, and builds no tree. The members' names are nlohmann's.
class BillListener {
public:
    bool null() { return true; }
    bool boolean(bool) { return true; }
    bool number_integer(Json::number_integer_t) { return true; }
    bool number_unsigned(Json::number_unsigned_t) { return true; }
    bool number_float(Json::number_float_t, const std::string&) { return true; }
    bool binary(Json::binary_t&) { return true; }
    bool parse_error(std::size_t, const std::string&, const Json::exception&) { return false; }

    bool start_object(std::size_t) { return open(); }
    bool start_array(std::size_t) { return open(); }
    bool end_object() { return close(); }
    bool end_array() { return close(); }
    bool key(std::string& name) {
        open_.back().key = std::move(name);
        if (open_.back().key == "artifacts" && open_.size() == 1) artifacts_ = true;
        return true;
    }

    bool string(std::string& value) {
        if (open_.empty()) return true;
        Open& in = open_.back();
        switch (in.place) {
            case Place::root: root_member(in.key, value); break;
            case Place::package:
            case Place::artifact:
                if (in.key == "name") bill_.names.insert(key_of(value));
                break;
            case Place::file:
                if (in.key == "fileName") bill_.paths.insert(key_of(value));
                break;
            case Place::occurrence:
                if (in.key == "location") bill_.paths.insert(key_of(value));
                break;
            case Place::component:
            case Place::element:
                // Its kind may stand behind its name.
                if (in.key == "name") in.name = std::move(value);
                else if (in.key == "type") in.type = std::move(value);
                break;
            default: break;
        }
        return true;
    }

    [[nodiscard]] std::optional<BillOfMaterials> take() {
        if (!spdx_.empty()) bill_.form = std::move(spdx_);
        else if (is_cyclone_) bill_.form = "CycloneDX " + version_;
        else if (is_graph_) bill_.form = "SPDX 3";
        else if (artifacts_) bill_.form = "Syft";
        else return std::nullopt;
        return std::move(bill_);
    }

private:
    struct Open {
        Place place = Place::other;
        std::string key, name, type;
    };

    bool open() {
        if (open_.empty()) {
            open_.push_back({Place::root, {}, {}, {}});
        } else {
            open_.push_back({place_below(open_.back().place, open_.back().key), {}, {}, {}});
        }
        return true;
    }

    bool close() {
        const Open& done = open_.back();
        if (!done.name.empty()) {
            const bool component = done.place == Place::component;
            if (done.type == (component ? "file" : "software_File")) {
                bill_.paths.insert(key_of(done.name));
            } else if (component || done.type == "software_Package") {
                bill_.names.insert(key_of(done.name));
            }
        }
        open_.pop_back();
        return true;
    }

    void root_member(std::string_view key, const std::string& value) {
        constexpr std::size_t longest = 32;  // of a version
        if (key == "spdxVersion") spdx_ = value.substr(0, longest);
        else if (key == "bomFormat") is_cyclone_ = value == "CycloneDX";
        else if (key == "specVersion") version_ = value.substr(0, longest);
        else if (key == "@context") is_graph_ = value.find("spdx.org/rdf/3") != value.npos;
    }

    std::vector<Open> open_;
    BillOfMaterials bill_;
    std::string spdx_, version_;
    bool is_cyclone_ = false, is_graph_ = false, artifacts_ = false;
};

std::optional<BillOfMaterials> read_tags(std::string_view text) {
    constexpr std::string_view version = "SPDXVersion: ", package = "PackageName: ",
                               file = "FileName: ";
    BillOfMaterials bill;
    while (!text.empty()) {
        std::string_view line = text.substr(0, text.find('\n'));
        text.remove_prefix(std::min(line.size() + 1, text.size()));
        if (line.ends_with('\r')) line.remove_suffix(1);
        if (line.starts_with(version)) {
            bill.form = line.substr(version.size(), 32);
        } else if (line.starts_with(package)) {
            bill.names.insert(key_of(line.substr(package.size())));
        } else if (line.starts_with(file)) {
            bill.paths.insert(key_of(line.substr(file.size())));
        }
    }
    if (!bill.form.starts_with("SPDX-")) return std::nullopt;
    return bill;
}

}  // namespace

bool BillOfMaterials::lists(std::string_view path, std::string_view name) const {
    return paths.empty() ? names.contains(key_of(name)) : paths.contains(key_of(path));
}

std::optional<BillOfMaterials> read_bill(std::string_view text) {
    if (text.size() > bill_bytes_limit) return std::nullopt;
    if (text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);
    const std::size_t first = text.find_first_not_of(" \t\r\n");
    if (first == text.npos) return std::nullopt;
    if (text[first] == '<') {
        if (text.find("cyclonedx.org/schema/bom") == text.npos) return std::nullopt;
        return BillOfMaterials{"CycloneDX in XML", {}, {}, true};
    }
    if (text[first] != '{') return read_tags(text);
    if (json::shape_of(text).depth > json::deepest) return std::nullopt;
    BillListener listener;
    if (!Json::sax_parse(text.begin(), text.end(), &listener)) return std::nullopt;
    return listener.take();
}

std::string written(BillOfMaterials& bill, std::size_t limit) {
    std::string text = bill.form + '\n';
    const auto add = [&](char kind, const std::set<std::uint64_t>& keys) {
        for (const std::uint64_t key : keys) {
            constexpr std::size_t line = 18;
            if (text.size() + line > limit) {
                bill.cut = true;
                return;
            }
            text += fmt::format("{}{:016x}\n", kind, key);
        }
    };
    add('n', bill.names);
    add('p', bill.paths);
    return text;
}

BillOfMaterials bill_of_lines(std::string_view text) {
    BillOfMaterials bill;
    bill.form = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(bill.form.size() + 1, text.size()));
    while (!text.empty()) {
        const std::string_view line = text.substr(0, text.find('\n'));
        text.remove_prefix(std::min(line.size() + 1, text.size()));
        std::uint64_t key = 0;
        const char* const end = line.data() + line.size();
        if (line.size() != 17 || std::from_chars(line.data() + 1, end, key, 16).ptr != end) continue;
        if (line.front() == 'n') bill.names.insert(key);
        else if (line.front() == 'p') bill.paths.insert(key);
    }
    return bill;
}

}  // namespace stratascan::layer
