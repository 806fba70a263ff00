"""Inputs that once crashed a fuzz target, hung it or broke what it promises; by target and by what
was wrong. They stay among its seeds, and each is a test of its own (seed_test.cpp):
FuzzRegressions/json.RepeatedUnderAnEscape.

One fault has no input: `proxy` kept 2 GiB of environment after 25,294,017 executions, for setenv()
frees nothing. No input did that but their number, and it was the target's fault, not a parser's."""

import struct

NO_HEADER = b"PK\3\4" + b"\xff" * 8  # begins as a zip entry's local header does


def zip_listing(name: bytes) -> bytes:
    """A central directory of one entry, and its end."""
    listed = b"PK\1\2" + struct.pack("<HH20xHH14x", 20, 20, len(name), 0) + name
    return listed + b"PK\5\6" + bytes(18)


CRASHES: dict[str, dict[str, bytes]] = {
    "json": {
        # An escape made another name of it, and the document was not told as ambiguous.
        "repeated-under-an-escape": b'{"config":1,"c\\u006fnfig":2}',
        "repeated-empty-name": b'{"":1,"":2}',
        # No JSON to a strict parser, and read all the same: the target was wrong.
        "not-utf-8": b'{"con\xbd":1,"c\\u006fnfig":2}',
        # To the parser that they are held against a zero byte is the end: the target was wrong.
        "brackets-behind-a-zero-byte": b'{"a":1}\0[[2]]',
    },
    # Of an entry of a zip file's directory, which it holds, the parser gives a piece for each
    # signature in it, and takes nothing for them: the target was wrong.
    "archive_parser": {"local-headers-in-a-listed-name": b"\1\0" + zip_listing(NO_HEADER * 64),
                       "all-signatures-in-a-listed-name": b"\1\0" + zip_listing(
                           (NO_HEADER + b"PK\1\2" + bytes(46) + b"PK\5\6" + bytes(20)) * 10)},
    # An index below the first block's was made by an unsigned subtraction.
    "views": {"utf-16-in-the-first-block": b"\0\x14\1" + "secret=tst_abc123 and some more of it".encode("utf-16-le")},
    # What an error says of its own accord is no text of the user's: the target was wrong.
    "verify_key": {"a-part-of-the-hint": b"-----BEGIN PUBLIC KEY"},
    # A member without a name is a stray whose key is empty: the target was wrong.
    "image_archive": {"a-stray-without-a-name": b"\1repositories\n{}\0\0\0" + b"1" * 64 + b"/json\n{}"},
    # zstd takes a frame that ends in an empty block for whole, whatever size it said, but only where
    # it comes in pieces.
    "decoder": {"zstd-nothing-of-248-bytes": b"\2d\x28\xb5\x2f\xfd\x30\xf8\1\0\0e",
                "zstd-nothing-of-65-bytes-with-a-dictionary":
                    b"\2d\x28\xb5\x2f\xfd\x31\0A\1\0\0Y\0Y&&SY~\n\3"},
    # A run of one byte that is longer than a block of its frame may be, and zstd's call for whole
    # buffers takes it: the target was wrong.
    "decoder_reference": {"zstd-run-over-its-block": b"\1\x28\xb5\x2f\xfd\0\x0f\xda\0\x58M\1\0\0\x14"},
    # Behind a name as long as a text may be its value was cut off, and the name passed for it.
    "elf_evidence": {"go-linked-under-a-long-name":
                     b'\0build\t-ldflags="-X ' + b"a" * 300 + b'Version=1"\n'},
    # A PEM block's head was broken in two, which makes it none: the target was wrong.
    "key_file": {"a-key-that-the-error-says": b"key has 10",
                 "a-broken-head": b"k" * 25 + b"\0\0-----BEGIN PRIk"},
    # A date that a clock of nanoseconds does not reach; and a name that is too long only behind the
    # `library/` that Docker Hub puts before it.
    "registry": {"too-long-behind-library": b"\0" + b"a" * 250,
                 "to-be-asked-again-in-2826": b"\3Wed, 21 Oct 2826 07:28:00 G[MT"},
    # A scan passes over a value whose digits stand behind a control byte, which it would drop as
    # binary; nobody asked for the reason, and nothing was seen there: the target was wrong.
    "matching": {"digits-behind-control-bytes": b"\1\x14\x94\4\x14\x14\x14\x14\x13",
                 "digits-behind-a-zero-byte-in-quotes": b"\1\x14\x94\3in\0\0\0\0n",
                 "a-password-of-a-definition-with-a-zero-byte": b"\x27\xf1\xca:F:\0",
                 # A vertical tab is white space to Hyperscan's \s and none to RE2's.
                 "a-vertical-tab-begins-a-password": b"\1\x63\xa2\xd1V\x0b\0\0\0\0\0\0\0v\x1f",
                 "a-vertical-tab-in-an-option": b"\1\x14\xa8\x0b\x0b\3\x0bK ",
                 # Gates that were narrower than their patterns; and a value whose last byte passed for
                 # its end.
                 "a-longer-token-than-its-gate":
                     b'\xbc\xa8\xa2\xff\xff\xff\x10\x00\x00\x00\x00\x00\x00\x00\xff\xff\xff\xff\xff\xff\xffV\xff\xff\xff\xfe\xff\xff\xff\x00\x00\x00\xff\xff\xff\xff\xffQs\xff\xff\xff',
                 "a-name-that-a-gate-left-out":
                     b'\x01c\x9b\xa2=\x00\x00\x00\x00\x00\x00\x00hYD=hz\xfcH.h\xe8hhhhhh\x1b[h\xf1ht\x8b[h\xf1ht\x8b\x00',
                 "a-vertical-tab-ends-a-value":
                     b'\x01\x14\xa8\x0b\x0b ',
                 # A thorough look came upon it from both of its hits: the target counted them.
                 "two-hits-of-one-secret":
                     b'@!\xc9\x05.ad1f3be3ce164ab1e6a5fb35f3be3ce164ab10aed6510ab77449e9510528f4cd65246337d2747c10ab7744secrethere9e6a5fb\\x7435f3b2747c10ab7744secrethere9e'},
    # "a**/x" took "ax", whose last name is not the one that an index is asked for.
    "store_question": {"stars-behind-the-begin-of-a-name": b'*\x01r**/\x10\x00-\x10\x00-a\x01r\x10\x00'},
    # Every match of it is empty.
    "gitleaks_file": {"a-rule-that-matches-nothing":
                      b"[[rules]]\nid = 'e'\nregex = '(?)'\nkeywords = ['exm_']\n"},
    # Behind flags a repeat is one of what stands before them.
    "regex": {"a-repeat-behind-flags": b"q(?i)*.\x000,",
              "a-vertical-tab-is-no-white-space": b"ab[^\\s]\0a\0ab\x0b",
              "a-line-feed-is-no-vertical-tab": b"ab[^\\v]\0a\0ab\n",
              "letters-of-latin-1-have-two-cases": b"(?i)ab\xe9\0a\0AB\xc9"},
    # Rows that a salvage saved held results that could not be read back, and stayed.
    "store_file": {"results-that-a-salvage-saved-unread":
                   b"\x40\x00\x02\x00\x10\x41\x40\x00\x02\x6c\x6b\x3c\xde\xd9\x0a\x1a"
                   b"\xd6\x00\x10\x40\x00\x00\x12\xff\x04\x00\x41\x40\x00\x02\x00\x10\x41"},
}
