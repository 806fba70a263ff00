"""Fills in the templates of the rules' examples, as scanner/match/example.hpp describes them.

A second implementation on purpose: what a benchmark plants does not come out of the program that
it measures. Drawn values have the spread and the kinds of characters that a drawn value of their length
is expected to have; checksums are true; keys are made by openssl and ssh-keygen, one of each kind.
"""

import base64
import functools
import hashlib
import json
import math
import random
import re
import string
import zlib
from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory

from planted import ALNUM, BASE32, BASE64, base62, run

LOWER, UPPER, DIGITS = string.ascii_lowercase, string.ascii_uppercase, string.digits
BASE64URL = BASE64[:-2] + "-_"
BASE36 = DIGITS + LOWER
BECH32 = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
ALPHABETS = {"alnum": ALNUM, "alpha": UPPER + LOWER, "lower": LOWER, "upper": UPPER,
             "digit": DIGITS, "hex": "0123456789abcdef", "HEX": "0123456789ABCDEF",
             "base32": BASE32, "lowernum": LOWER + DIGITS, "uppernum": UPPER + DIGITS,
             "b64": BASE64, "b64url": BASE64URL, "word": ALNUM + "_"}
PLACEHOLDER = re.compile(r"\{\{(.*?)\}\}", re.DOTALL)
INNER = re.compile(r"\[\[(.*?)\]\]", re.DOTALL)


def entropy(text: str) -> float:
    return -sum(n / len(text) * math.log2(n / len(text)) for n in Counter(text).values())


def in_base(number: int, digits: str, width: int) -> str:
    made = ""
    while number or len(made) < width:
        number, digit = divmod(number, len(digits))
        made = digits[digit] + made
    return made


def base64_of(data: bytes, url: bool = False, padded: bool = True) -> str:
    made = (base64.urlsafe_b64encode if url else base64.b64encode)(data).decode()
    return made if padded else made.rstrip("=")


@functools.cache
def key(kind: str) -> str:
    """A fresh private key of the kind, ending in a line's end."""
    phrase = "pass:" + random.SystemRandom().randbytes(12).hex()
    rsa = ("openssl", "genrsa", "-traditional", "2048")
    pkcs8 = ("openssl", "genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048")
    if kind == "rsa":
        return run(*rsa).decode()
    if kind == "rsa-encrypted":
        return run("openssl", "rsa", "-traditional", "-aes128", "-passout", phrase,
                   data=run(*rsa)).decode()
    if kind == "ec":
        return run("openssl", "ecparam", "-name", "prime256v1", "-genkey", "-noout").decode()
    if kind == "dsa":
        parameters = run("openssl", "dsaparam", "1024")
        return run("openssl", "pkey", "-traditional",
                   data=run("openssl", "gendsa", "/dev/stdin", data=parameters)).decode()
    if kind == "pkcs8":
        return run(*pkcs8).decode()
    if kind == "pkcs8-encrypted":
        return run("openssl", "pkcs8", "-topk8", "-v2", "aes256", "-passout", phrase,
                   data=run(*pkcs8)).decode()
    if kind == "ed25519":
        return run("openssl", "genpkey", "-algorithm", "ed25519").decode()
    if kind == "openssh":
        with TemporaryDirectory() as folder:
            path = Path(folder) / "key"
            run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "deploy", "-f", str(path))
            return path.read_text()
    raise ValueError(f"no key of kind {kind}")


class Expander:
    """Fills in templates from one random source."""

    def __init__(self, rng: random.Random):
        self.rng = rng
        self.previous = ""

    def expand(self, template: str, pattern: re.Pattern = PLACEHOLDER) -> str:
        parts, at = [], 0
        for placeholder in pattern.finditer(template):
            parts.append(template[at:placeholder.start()])
            self.previous = self.fill(placeholder[1])
            parts.append(self.previous)
            at = placeholder.end()
        return "".join(parts) + template[at:]

    def fill(self, placeholder: str) -> str:
        kind, colon, argument = placeholder.partition(":")
        if kind == "lit":
            return argument
        if kind == "b64of":
            return base64_of(self.expand(argument, INNER).encode())
        if kind == "pem":
            return key(argument)
        if kind == "pem-escaped":
            return key(argument).replace("\n", "\\n")
        if kind == "crc32b62":
            return base62(zlib.crc32(self.previous.encode()), 6)
        if kind == "password":
            return self.password(int(argument))
        if colon:
            return self.drawn(ALPHABETS[kind], int(argument))
        return getattr(self, kind.replace("-", "_"))()

    def characters(self, alphabet: str, size: int) -> str:
        return "".join(self.rng.choices(alphabet, k=size))

    def drawn(self, alphabet: str, size: int) -> str:
        text = ""
        for _ in range(200):
            text = self.characters(alphabet, size)
            ends = text[0] + text[-1]
            if looks_drawn(text, alphabet) and all(c.isalnum() or c == "_" for c in ends):
                break
        return text

    def password(self, size: int) -> str:
        middle = [self.rng.choice("!#%*+-"), *self.characters(ALNUM + "!#%*+-", size - 3)]
        self.rng.shuffle(middle)
        return self.rng.choice(LOWER) + "".join(middle) + self.rng.choice(DIGITS)

    def uuid(self) -> str:
        data = bytearray(self.rng.randbytes(16))
        data[6], data[8] = data[6] & 0x0F | 0x40, data[8] & 0x3F | 0x80
        text = data.hex()
        return "-".join((text[:8], text[8:12], text[12:16], text[16:20], text[20:]))

    def jwt(self) -> str:
        issued = 1_700_000_000 + self.rng.randrange(100_000_000)
        claims = {"iss": f"https://id.{self.drawn(LOWER, 8)}.internal", "sub": self.uuid(),
                  "iat": issued, "exp": issued + 31_536_000}
        parts = [json.dumps(part, separators=(",", ":")).encode()
                 for part in ({"alg": "HS256", "typ": "JWT"}, claims)]
        return ".".join(base64_of(part, True, False) for part in (*parts, self.rng.randbytes(32)))

    def age(self) -> str:
        return bech32("age-secret-key-", self.rng.randbytes(32)).upper()

    def grafana(self) -> str:
        body = "glsa_" + self.drawn(ALNUM, 32)
        return f"{body}_{zlib.crc32(body.encode()).to_bytes(4, 'little').hex()}"

    def atlassian(self) -> str:
        body = "ATATT3xFfGF0" + self.drawn(BASE64URL, 171) + "="
        return f"{body}{zlib.crc32(body.encode()):08X}"

    def bitbucket(self) -> str:
        body = "ATBB" + self.drawn(ALNUM, 24)
        return f"{body}{zlib.crc32(body.encode()):08X}"

    def confluent(self) -> str:
        body = self.drawn(BASE64, 54)
        return "cflt" + body + base64_of(zlib.crc32(body.encode()).to_bytes(4, "little"))[:6]

    def gitlab(self) -> str:
        body = "glpat-" + self.drawn(BASE64URL, 43) + ".01." + in_base(43, BASE36, 2)
        return body + in_base(zlib.crc32(body.encode()), BASE36, 7)

    def xprv(self) -> str:
        return base58check(bytes.fromhex("0488ade4") + bytes(9) + self.rng.randbytes(32) + b"\0" +
                           self.rng.randbytes(32))

    def wif(self) -> str:
        return base58check(b"\x80" + self.rng.randbytes(32) + b"\1")

    def solana(self) -> str:
        return base58(self.key_pair())

    def solana_list(self) -> str:
        return ",".join(map(str, self.key_pair()))

    def key_pair(self) -> bytes:
        """An Ed25519 key and its public half (RFC 8410)."""
        seed = self.rng.randbytes(32)
        der = bytes.fromhex("302e020100300506032b657004220420") + seed
        return seed + run("openssl", "pkey", "-inform", "DER", "-pubout", "-outform", "DER",
                          data=der)[-32:]

    def zuplo(self) -> str:
        body = self.drawn(ALNUM, 32)
        return f"zpka_{body}_{zlib.crc32(body.encode()):08x}"


def looks_drawn(text: str, alphabet: str) -> bool:
    if len(text) < 4:
        return True
    if entropy(text) < 0.8 * math.log2(min(len(text), len(alphabet))):
        return False
    if re.search(r"(.)\1{3}", text):
        return False
    kinds = [kind for kind in (LOWER, UPPER, DIGITS) if set(kind) & set(alphabet)]
    return len(text) < 8 or all(set(kind) & set(text) for kind in kinds)


def base58(data: bytes) -> str:
    digits = string.digits[1:] + UPPER.replace("I", "").replace("O", "") + LOWER.replace("l", "")
    number, text = int.from_bytes(data, "big"), ""
    while number:
        number, digit = divmod(number, 58)
        text = digits[digit] + text
    return "1" * (len(data) - len(data.lstrip(b"\0"))) + text


def base58check(data: bytes) -> str:
    return base58(data + hashlib.sha256(hashlib.sha256(data).digest()).digest()[:4])


def bech32(prefix: str, data: bytes) -> str:
    """BIP 173: five bits a character, and a checksum of six characters."""
    bits = "".join(f"{byte:08b}" for byte in data)
    bits += "0" * (-len(bits) % 5)
    values = [int(bits[at:at + 5], 2) for at in range(0, len(bits), 5)]
    spread = [ord(c) >> 5 for c in prefix] + [0] + [ord(c) & 31 for c in prefix]
    total = 1
    for value in spread + values + [0] * 6:
        top, total = total >> 25, (total & 0x1FFFFFF) << 5 ^ value
        for bit, term in enumerate((0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)):
            total ^= term if top >> bit & 1 else 0
    sums = [(total ^ 1) >> 5 * (5 - place) & 31 for place in range(6)]
    return prefix + "1" + "".join(BECH32[value] for value in values + sums)
