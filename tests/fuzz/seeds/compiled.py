"""Code as compilers write it: Java's class files, and .pyc of each version that is read."""

import importlib.util
import marshal
import struct

from seeds import Seeds, target, under

VALUE = "tst_a1b2c3d4e5f6a7b8"


class ClassWriter:
    """A pool of constants that grows as it is asked for numbers (JVM specification, 4.4)."""

    def __init__(self) -> None:
        self.pool: list[bytes] = []

    def add(self, tag: int, rest: bytes) -> bytes:
        self.pool.append(bytes([tag]) + rest)
        return struct.pack(">H", len(self.pool))

    def text(self, value: str) -> bytes:
        data = value.encode()
        return self.add(1, struct.pack(">H", len(data)) + data)

    def string(self, value: str) -> bytes:
        return self.add(8, self.text(value))

    def member(self, tag: int, name: str) -> bytes:
        """A field (9) or a method (10) of a class."""
        return self.add(tag, self.add(7, self.text("a/C")) +
                        self.add(12, self.text(name) + self.text("()V")))

    def attribute(self, name: str, data: bytes) -> bytes:
        return self.text(name) + struct.pack(">I", len(data)) + data

    def code(self, instructions: bytes, variables: bytes = b"") -> bytes:
        table = self.attribute("LocalVariableTable", variables) if variables else b""
        return self.attribute("Code", struct.pack(">HHI", 4, 4, len(instructions)) + instructions +
                              struct.pack(">HH", 0, 1 if table else 0) + table)

    def file(self, code: bytes, annotations: bytes) -> bytes:
        value = self.attribute("ConstantValue", self.string(VALUE))
        field = struct.pack(">H", 24) + self.text("TOKEN") + self.text("S") + b"\0\1" + value
        method = struct.pack(">H", 1) + self.text("run") + self.text("()V") + b"\0\1" + code
        this = self.add(7, self.text("a/C"))
        shown = self.attribute("RuntimeVisibleAnnotations", annotations)
        return (struct.pack(">IIH", 0xCAFEBABE, 61, len(self.pool) + 1) + b"".join(self.pool) +
                b"\0\x21" + this + this + b"\0\0" + b"\0\1" + field + b"\0\1" + method +
                b"\0\1" + shown)


@target("class_file")
def class_file() -> Seeds:
    out = ClassWriter()
    out.add(5, b"\1" * 8)  # a long takes two places
    out.pool.append(b"")
    load = b"\x13" + out.string("user")
    instructions = (load + b"\xb5" + out.member(9, "name") +
                    load + b"\x13" + out.string("password-1") + b"\xb6" + out.member(10, "put") +
                    b"\x13" + out.string("password-2") + b"\xb6" + out.member(10, "toCharArray") +
                    b"\x4c\x2b\xb6" + out.member(10, "setPassword"))
    instructions += b"\xaa" + b"\0" * (-(len(instructions) + 1) % 4) + struct.pack(
        ">iiiii", 0, 1, 2, 0, 0) + b"\xc4\x84\0\1\0\1\xb1"
    variables = struct.pack(">HHH", 1, 22, 9) + out.text("secret") + out.text("S") + b"\0\1"
    inner = out.text("La/P;") + b"\0\1" + out.text("value") + b"s" + out.text(VALUE)
    annotation = (b"\0\1" + out.text("La/Q;") + b"\0\2" + out.text("password") + b"s" +
                  out.text("password-3") + out.text("list") + b"[\0\1@" + inner)
    made = out.file(out.code(instructions, variables), annotation)
    return under(0, {"all": made, "cut": made[:300], "head": made[:30]}) | under(200, {"all": made})


SOURCE = f'''
password = "password-1"
a, token = "x", "{VALUE}"
settings = {{"user": "ann", "password": "password-2"}}
class C:
    def run(self, secret="password-3"):
        self.password = secret.pwd = b"password-4"
        connect("h", password="password-5")
        settings["password"] = "password-6"
        return lambda: self.put("password", "password-7")
'''

# Magic number, header, and the numbers of LOAD_CONST, STORE_NAME and CALL_FUNCTION_KW or CALL_KW.
VERSIONS = {6: (3379, 12, 100, 90, 141), 7: (3394, 16, 100, 90, 141), 8: (3413, 16, 100, 90, 141),
            9: (3425, 16, 100, 90, 141), 10: (3439, 16, 100, 90, 141), 11: (3495, 16, 100, 90, 0),
            12: (3531, 16, 100, 90, 0), 13: (3571, 16, 83, 114, 57)}


def text(value: str) -> bytes:
    return b"z" + bytes([len(value)]) + value.encode()


def of_version(minor: int) -> bytes:
    """A module of two instructions and a call, by hand: only one version's compiler is here."""
    magic, header, load, store, call = VERSIONS[minor]
    named_call = bytes([load, 2, call, 1]) if call else bytes([172, 2, 171, 1])  # KW_NAMES, CALL
    code = bytes([load, 0, store, 0, load, 1]) + named_call
    constants = b")\3" + text("password-1") + text(VALUE) + b")\1" + text("token")
    names = b")\1\xda\x08password"
    numbers = 5 if minor in (6, 7) or minor >= 11 else 6
    tuples = b")\0" * (3 if minor <= 10 else 1)
    if minor >= 11:
        tuples += b"s\0\0\0\0"
    words = text("m.py") + text("m") + (text("m") if minor >= 11 else b"")
    tables = b"s\0\0\0\0" * (1 if minor <= 10 else 2)
    return (struct.pack("<HH", magic, 0x0A0D) + b"\0" * (header - 4) + b"\xe3" +
            b"\0" * (4 * numbers) + b"s" + struct.pack("<I", len(code)) + code + constants + names +
            tuples + words + b"\1\0\0\0" + tables)


@target("pyc")
def pyc() -> Seeds:
    compiled = marshal.dumps(compile(SOURCE, "m.py", "exec"))
    made = {"compiled": importlib.util.MAGIC_NUMBER + b"\0" * 12 + compiled,
            **{f"3.{minor}": of_version(minor) for minor in VERSIONS}}
    return under(0, made) | under(200, made)
