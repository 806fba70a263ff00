"""The fuzz targets: which parsers each is about, and how it is run."""

import subprocess
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
HERE = Path(__file__).resolve().parent


@dataclass
class Target:
    parsers: list[str]  # below scanner/, as shell patterns
    dictionaries: list[str]
    longest: int = 4096  # bytes of an input
    # What oneTBB's allocator holds is not seen by LeakSanitizer, and what is reached from
    # there alone, as the scanners of its threads, is a leak to it.
    leaks: bool = True

    def sources(self) -> list[Path]:
        return sorted(path for pattern in self.parsers
                      for path in (ROOT / "scanner").glob(pattern)
                      if path.suffix in (".cpp", ".hpp"))


DECODERS = ["layer/decoder*", "layer/gzip*", "layer/zstd*", "layer/bzip2_xz*", "layer/lz4*", "layer/lzw*",
            "nested/inflate*"]
DOCUMENTS = ["source/oci_json*", "source/json_*", "source/schema1*", "source/platform*",
             "source/digest*", "source/index_walk*", "source/image_set*", "source/candidate*",
             "source/docker_archive*", "source/legacy_archive*"]
MATCHING = ["match/second_look*", "match/database.cpp", "layer/window_scan*", "layer/hit_finder*"]

TARGETS = {
    "archive_index": Target(["source/archive_index*", "source/tar_header*",
                             "source/member_names*"], ["tar"], 8192),
    "archive_parser": Target(["nested/*_parser.cpp", "nested/tar_header*", "nested/gathered*"],
                             ["archive", "tar", "elf"], 8192),
    "bill": Target(["layer/bill_of_materials*"], ["json"], 2048),
    "certificate": Target(["evidence/certificate.cpp"], ["key"]),
    "class_file": Target(["nested/class_file*", "nested/constants*", "nested/secret_signs*",
                          "nested/field_reader*"],
                         ["code"], 2048),
    "contents_table": Target(["layer/contents_*"], ["json"], 2048),
    "database_cache": Target(["match/database_cache*"], ["pack"], 1024),
    "decoded_stream": Target(["source/decoded_stream*", *DECODERS], ["compressed"]),
    "decoder": Target(DECODERS, ["compressed"]),
    "decoder_reference": Target(DECODERS, ["compressed"]),
    "directory_walk": Target(["layer/directory_walk*"], ["text"], 2048),
    "elf": Target(["program/elf.cpp"], ["elf"]),
    "elf_evidence": Target(["program/elf*", "program/script*", "program/toybox*",
                            "program/uutils*", "program/applets*"], ["elf"]),
    "encoded_container": Target(["match/views/encoded_container*"], ["text"], 2048),
    "envelope": Target(["image/envelope*", "image/cbor*", "image/cose*", "image/log_entry*",
                         "image/document*", "image/kept_attachments*", "policy/trust*",
                         "policy/transparency*", "policy/time_stamp*", "policy/certificate_log*",
                         "policy/revocation*", "policy/x509*"], ["json"]),
    "evidence": Target(["evidence/*"], ["key", "json"], 2048),
    "example": Target(["match/example*"], ["example"], 512),
    "extension": Target(["match/extension*", "match/toml*"], ["toml", "regex"], 2048),
    "file_facts": Target(["layer/file_facts*", "layer/fact_*", "policy/accounts*"], ["text"], 2048),
    "gate": Target(["policy/checks/*", "policy/verdict*", "policy/base_image*", "image/facts*",
                    "image/image_facts*", "image/kept_config*"], ["json", "text"], 4096),
    "git_graph": Target(["nested/git_graph*"], ["graph"], 1024),
    "git_object": Target(["nested/git_object*", "nested/git_history*"], ["git"], 2048),
    "git_pack": Target(["nested/git_pack*", "nested/git_bundle*", "nested/git_delta*",
                        "nested/git_zlib*"], ["git"]),
    "gitleaks_file": Target(["match/gitleaks_*", "match/allow_list*"], ["toml", "regex"], 2048),
    "identify": Target(["program/identify*", "program/version*", "program/multicall*",
                        "program/judge*"], ["elf"]),
    "image_archive": Target(["source/stream_*", "source/image_archive*", "source/tar_stream*",
                             "source/stray*", "source/sniff*", *DOCUMENTS], ["tar", "json"], 16384),
    "jobs": Target(["scanner.cpp", "scan_engine.cpp", "layer/layer_*"], ["text"], 8192, False),
    "json": Target(["json/*", "source/json_*", "image/document*", "evidence/json*"], ["json"], 2048),
    "key_file": Target(["identity/secret_key*"], ["key"], 512),
    "key_forms": Target(["evidence/*key*", "evidence/pem*", "evidence/certificate*",
                         "evidence/public_part*"], ["key"]),
    "key_prints": Target(["store/key_prints*"], ["key"]),
    "known_bases": Target(["policy/known_bases*"], ["text"], 1024),
    "layer": Target(["layer/*", "nested/encoded_walk*"], ["tar", "compressed"], 16384, False),
    "manifest": Target(["policy/manifest*"], ["yaml"], 2048),
    "matching": Target(MATCHING, ["text"], 1024),
    "metadata": Target(["image/metadata*", "image/text_collector*", "image/document*",
                        "image/redact*", "image/history*", "image/join*", "image/facts*",
                        "image/programs*", "image/variable_users*", "image/known_words*"],
                       ["json"]),
    "nest": Target(["nested/nest*", "nested/recognise*", "nested/level*", "nested/inner_stream*",
                    "nested/zip_search*"],
                   ["archive", "tar", "compressed"], 8192),
    "oci_json": Target(DOCUMENTS, ["json"]),
    "os_release": Target(["image/os_release*", "policy/date*"], ["text"], 512),
    "overlay": Target(["image/visibility*", "image/spelling*", "image/link_index*"], ["layers"], 512),
    "pack": Target(["match/pack*"], ["pack"], 2048),
    "package_lists": Target(["layer/package_lists*"], ["text"], 2048),
    "policy_file": Target(["policy/policy_file*", "policy/baseline*", "policy/toml_reader*"],
                          ["toml", "json"], 2048),
    "printable": Target(["report/text*", "report/utf8*", "report/printable*",
                         "report/json_writer*"], ["text"], 512),
    "proxy": Target(["registry/proxy*", "registry/url*"], ["http"], 512),
    "pyc": Target(["nested/pyc*", "nested/marshal*", "nested/constants*", "nested/secret_signs*",
                   "nested/field_reader*"], ["code"], 2048),
    "regex": Target(["match/regex_*"], ["regex"], 256),
    "registries_conf": Target(["registry/registries_conf*", "registry/hosts*",
                               "registry/reference*"], ["toml", "key"], 2048),
    "registry": Target(["registry/headers*", "registry/reference*", "registry/credential_*",
                        "registry/credentials*", "registry/url*", "registry/listing*",
                        "registry/registries_conf*", "registry/aws_signature*",
                        "registry/address*", "registry/authorizer*", "registry/embedded*",
                        "source/schema1*"],
                       ["http", "json", "toml"], 2048),
    "registry_answers": Target(["registry/client*", "registry/exchange*", "registry/http*",
                                "registry/authorizer*", "registry/blob_*",
                                "registry/registry_source*", "registry/daemon_source*"],
                               ["http", "json"]),
    "rpm_database": Target(["layer/rpm_*"], ["sqlite"], 8192),
    "rule_file": Target(["match/rule_file*", "match/ruleset*", "match/rule_limits*", "match/toml*",
                         "match/anchor*", "match/automaton*"], ["toml", "regex"], 2048),
    "second_look": Target(MATCHING, ["text", "key"], 2048),
    "sections": Target(["match/sections*"], ["toml", "yaml", "json"], 2048),
    "side_scan": Target(["layer/side_scan*"], ["compressed", "text"], 4096),
    "sieve": Target(["sieve/*"], ["text"], 4096),
    "signature": Target(["policy/signature*", "image/envelope*", "image/attachments*",
                         "policy/verify_key*"], ["json", "key"], 8192),
    "sqlite": Target(["nested/sqlite_*"], ["sqlite"], 8192),
    "store_file": Target(["store/sqlite_*", "store/finder*", "store/database*", "store/schema*",
                          "store/repair*", "store/salvage*", "store/hex*", "store/occurrences*",
                          "store/scan_store*"],
                         ["store"], 512),
    "store_parts": Target(["store/parts*", "store/packed*"], ["store"]),
    "store_question": Target(["store/glob*", "store/version_range*"], ["text"], 256),
    "suppression": Target(["policy/suppression*", "policy/glob*"], ["toml"], 1024),
    "sweep_scope": Target(["sweep/scope*", "sweep/planner*"], ["json", "text"], 1024),
    "tar_ambiguity": Target(["layer/tar_ambiguity*", "source/tar_header*"], ["tar"]),
    "tar_walk": Target(["layer/tar_walk*", "layer/path*", "layer/blob_stream*"], ["tar"], 8192),
    "target": Target(["source/target*", "source/platform*", "source/digest*", "source/sniff*"],
                     ["text", "http"], 512),
    "upx": Target(["nested/upx*"], ["archive", "elf"]),
    "verify_key": Target(["policy/verify_key*", "policy/trust*", "policy/transparency*"],
                         ["key"], 2048),
    "views": Target(["match/views/*", "layer/view_scan*"], ["text"], 2048),
    "windows": Target(["layer/window*", "layer/view_scan*", "layer/hit_finder*", "layer/settle*",
                       "match/second_look*"], ["text"], 1024),
}


def commit_of(name: str) -> str:
    """The last commit that changed the target or one of its parsers."""
    paths = [str(path) for path in TARGETS[name].sources()] + [str(HERE / f"{name}_fuzz.cpp")]
    ran = subprocess.run(["git", "-C", str(ROOT), "log", "-1", "--format=%h", "--", *paths],
                         check=True, capture_output=True, text=True)
    return ran.stdout.strip() or "none"


def check() -> list[str]:
    """What is listed here and not there, or the other way round."""
    there = {source.name.removesuffix("_fuzz.cpp") for source in HERE.glob("*_fuzz.cpp")}
    wrong = [f"{name}: no such target" for name in sorted(set(TARGETS) - there)]
    wrong += [f"{name}: not listed in targets.py" for name in sorted(there - set(TARGETS))]
    for name, one in TARGETS.items():
        for pattern in one.parsers:
            if not list((ROOT / "scanner").glob(pattern)):
                wrong.append(f"{name}: nothing is called {pattern}")
        if not one.dictionaries:
            wrong.append(f"{name}: no dictionary")
        for dictionary in one.dictionaries:
            if not (HERE / "dictionaries" / f"{dictionary}.dict").exists():
                wrong.append(f"{name}: no dictionary {dictionary}")
    return wrong
