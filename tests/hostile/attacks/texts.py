"""Text that costs a matcher the most: near matches without end, one line of a gigabyte, and what
is encoded again and again."""

import base64
import gzip
import string
import struct

import rawtar
import streams
from attack import MIB, Attack, attack
from rawtar import END


def text_layer(f: Attack, text: bytes, times: int = 1, state: str = "complete",
               clean: bool = True) -> None:
    """A file of `text` again and again, and one with a secret behind it. `clean`: nothing in the
    text is a finding."""
    after = f.layer()
    after.secret("etc/after.env", "slack")
    size = len(text) * times
    body = gzip.compress(text, 1, mtime=0)
    head = streams.file_head(b"srv/text", size)
    f.target_file("layer.gz", gzip.compress(head, mtime=0) + body * times + gzip.compress(
        b"\0" * (-size % 512) + after.tar(), mtime=0))
    f.image(state)
    f.open = not clean
    f.complete = None if not clean else f.complete


def near(f: Attack, unit: bytes, size: int = 4 * MIB, **how) -> None:
    times = size * f.size // len(unit)
    assert times > 0, f"{len(unit)} bytes do not fit into {size}"
    text_layer(f, unit * times, **how)


@attack
def near_matches_of_tokens(f: Attack) -> None:
    """What each token begins with, and never the rest."""
    heads = ["gh" + "p_", "gh" + "o_", "np" + "m_", "xo" + "xb-", "xo" + "xp-", "sk" + "_live_",
             "AK" + "IA", "AI" + "za", "ey" + "J", "gl" + "pat-", "SG" + ".", "dop_" + "v1_",
             "sk" + "-ant-", "hf" + "_", "py" + "pi-", "shp" + "at_"]
    near(f, " ".join(heads).encode() + b" ")


@attack
def near_matches_one_letter_short(f: Attack) -> None:
    """Tokens of the right form and one letter too short, all different, with no checksum."""
    letters = string.ascii_letters + string.digits
    lines = b"".join(("gh" + "p_" + "".join(f.secrets.random.choices(letters, k=35)) + "\n").encode()
                     for _ in range(20_000))
    near(f, lines, 8 * MIB, state="partial", clean=False)
    f.gap("findings", path="srv/text")


@attack
def looks_over_the_limit(f: Attack) -> None:
    """What a file may cost: behind that it is said not to be looked at, and the next one is."""
    f.arguments += ["--max-looks", "200000"]
    near(f, b"password=password=", 8 * MIB, state="partial", clean=False)
    f.gap("more than 200000 candidates in one file", path="srv/text")


@attack
def time_over_the_limit(f: Attack) -> None:
    """What a file may take of a processor: likewise, and far less than this one does."""
    f.arguments += ["--max-file-time", "0.05"]
    near(f, b"eyJhbGciOiJIUzI1NiJ9.eyJ", 8 * MIB, state="partial", clean=False)
    f.gap("more than 0.05 s of a processor for one file; the rest", path="srv/text")


@attack
def tokens_with_wrong_checksums(f: Attack) -> None:
    """Candidates that are looked at in full and dropped or marked, by the hundred thousand."""
    letters = string.ascii_letters + string.digits
    lines = b"".join(("gh" + "p_" + "".join(f.secrets.random.choices(letters, k=36)) + "\n").encode()
                     for _ in range(50_000))
    text_layer(f, lines, f.size, "partial", clean=False)
    f.gap("findings", path="srv/text")


@attack
def begins_of_keys_without_an_end(f: Attack) -> None:
    near(f, b"-----BEGIN RSA PRIVATE KEY-----\n")


@attack
def begins_of_keys_with_a_body(f: Attack) -> None:
    """Each with bytes behind it that might be a key, and no end."""
    body = base64.encodebytes(f.secrets.random.randbytes(600))
    near(f, b"-----BEGIN OPENSSH PRIVATE KEY-----\n" + body, 8 * MIB, clean=False)


@attack
def one_key_of_sixteen_mebibytes(f: Attack) -> None:
    """Its end is far out of reach: told by its beginning, and not as what surely is a key."""
    body = base64.encodebytes(f.secrets.random.randbytes(12 * MIB * f.size))
    text_layer(f, b"-----BEGIN PRIVATE KEY-----\n" + body + b"-----END PRIVATE KEY-----\n",
               clean=False)
    f.seen("private-key-pkcs8", path="srv/text", confidence="low")
    f.complete = True
    f.scanned = 80 * MIB * f.size


@attack
def assignments_without_end(f: Attack) -> None:
    """What generic rules look at: names of secrets with values that are none."""
    near(f, b"password = \"\" secret: null token=${TOKEN} api_key='changeme' passwd=xxxxxxxx\n",
         8 * MIB)


@attack
def assignments_in_a_line(f: Attack) -> None:
    near(f, b"password=password=", 8 * MIB, clean=False)


@attack
def urls_without_a_host(f: Attack) -> None:
    near(f, b"://a:b@", 8 * MIB, clean=False)


@attack
def urls_that_almost_have_a_password(f: Attack) -> None:
    near(f, b"postgres" + b"://user:" + b"a" * 2000 + b" ", 8 * MIB, clean=False)


@attack
def web_tokens_without_end(f: Attack) -> None:
    """JWT heads, dots, and heads again."""
    near(f, b"eyJhbGciOiJIUzI1NiJ9.eyJ", 8 * MIB, clean=False)


@attack
def words_of_one_letter(f: Attack) -> None:
    near(f, b"a", 64 * MIB)


@attack
def quotes_and_brackets(f: Attack) -> None:
    near(f, b"\"'`{[(<", 16 * MIB)


@attack
def a_line_of_a_gigabyte(f: Attack) -> None:
    """No line break before the secret at its end."""
    words = streams.block("line").replace(b"\n", b" ")
    secret = f.secrets.github()
    count = 1024 * f.size
    tail = b"value " + secret + b"\n"
    size = count * MIB + len(tail)
    body = gzip.compress(words, 6, mtime=0)
    f.target_file("layer.gz", gzip.compress(streams.file_head(b"line", size), mtime=0) +
                  body * count + gzip.compress(rawtar.padded(tail) + END, mtime=0))
    f.seen(path="line", offset=count * MIB + 6, line=1)
    f.image("complete")
    f.scanned = count * MIB + 8 * MIB


@attack
def line_breaks_and_nothing_else(f: Attack) -> None:
    near(f, b"\n", 64 * MIB)


@attack
def percent_signs_of_percent_signs(f: Attack) -> None:
    near(f, b"%25", 16 * MIB)


@attack
def escapes_of_escapes(f: Attack) -> None:
    near(f, b"\\\\u005c", 16 * MIB)


@attack
def entities_of_entities(f: Attack) -> None:
    near(f, b"&amp;#38;", 16 * MIB)


@attack
def base64_in_base64_in_base64(f: Attack) -> None:
    """Six times over: what is deeper than two is text like any other."""
    data = f.secrets.random.randbytes(MIB)
    for _ in range(6):
        data = base64.b64encode(data)
    near(f, data[: 4 * MIB], 16 * MIB, clean=False)


@attack
def base64_of_one_letter(f: Attack) -> None:
    near(f, b"A", 32 * MIB)


@attack
def hex_without_end(f: Attack) -> None:
    near(f, f.secrets.random.randbytes(MIB).hex().encode(), 16 * MIB, clean=False)


@attack
def utf16_without_end(f: Attack) -> None:
    near(f, "password = secret ".encode("utf-16-le"), 16 * MIB, clean=False)


@attack
def short_runs_of_base64(f: Attack) -> None:
    """Just long enough to be looked at, each decoded to a key's beginning."""
    near(f, base64.b64encode(b"password: " * 2) + b"\n", 8 * MIB, clean=False)


@attack
def certificates_without_end(f: Attack) -> None:
    """DER: sequences of sequences, each of which claims to be of 64 KiB."""
    near(f, b"\x30\x82\xff\xff", 16 * MIB, clean=False)


@attack
def der_a_hundred_thousand_deep(f: Attack) -> None:
    """Each sequence has as many bytes as the next one and its head."""
    heads, size = [], 3
    for _ in range(100_000):
        length = bytes([size]) if size < 128 else b"\x83" + struct.pack(">I", size)[1:]
        heads.append(b"\x30" + length)
        size += len(heads[-1])
    near(f, b"".join(reversed(heads)) + b"\x02\x01\x00", 4 * MIB, clean=False)


@attack
def key_store_of_a_billion_rounds(f: Attack) -> None:
    """PKCS #12 whose password would be stretched for hours; never stretched."""
    def der(tag: int, body: bytes) -> bytes:
        size = len(body)
        return bytes([tag]) + (bytes([size]) if size < 128 else b"\x82" + struct.pack(">H", size)) + body
    data = der(0x06, bytes.fromhex("2a864886f70d010701")) + der(0xA0, der(0x04, b"\x30\x00" * 100))
    mac = der(0x30, der(0x30, der(0x30, der(0x06, bytes.fromhex("2b0e03021a")) + b"\x05\0") +
                        der(0x04, b"\1" * 20)) + der(0x04, b"\2" * 8) +
              der(0x02, b"\x7f\xff\xff\xff"))
    store = der(0x30, der(0x02, b"\3") + der(0x30, data) + mac[0:2] + mac[2:])
    layer = f.layer()
    for number in range(200):
        layer.file(f"etc/store{number}.p12", store)
        f.seen("keystore-pkcs12", path=f"etc/store{number}.p12")
    layer.secret("etc/after.env", "slack")
    f.target_file("layer.tar", layer.tar())
    f.image("complete")
    f.open = True


@attack
def web_token_with_a_deep_head(f: Attack) -> None:
    """A JWT whose head is JSON of 3,000 brackets."""
    head = base64.urlsafe_b64encode(b'{"alg":"none","x":' + b"[" * 1500 + b"]" * 1500 + b"}")
    token = head.rstrip(b"=") + b"." + head.rstrip(b"=") + b".c2ln "
    near(f, token, 2 * MIB, clean=False)


@attack
def many_matches_in_one_file(f: Attack) -> None:
    """Secrets over the limit of a file; those of the next file are told."""
    lines = b"".join(f.secrets.github() + b"\n" for _ in range(30_000))
    del f.secrets.planted[:-50]
    text_layer(f, lines, 1, "partial", clean=False)
    f.gap("findings", path="srv/text")
    f.hits = 200_000


@attack
def findings_in_twenty_thousand_names(f: Attack) -> None:
    """A secret in each of 20,000 names: the report stays as large as it must be."""
    layer = f.layer()
    for number in range(20_000):
        layer.file(b"%d/" % number + f.secrets.github())
        f.seen()
    del f.secrets.planted[:-200]
    f.target_file("layer.tar", layer.tar())
    f.open = True
    f.image("complete")
