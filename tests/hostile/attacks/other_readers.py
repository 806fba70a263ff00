"""Containers in forms that few writers choose and some reader opens: what is in them is found,
and what nothing here opens is a gap. Each secret is packed: no look at the bare bytes sees it."""

import gzip
import sqlite3
from collections.abc import Callable

import rawtar
from attack import Attack, attack


def files(f: Attack, made: dict[str, bytes]) -> None:
    """A target each, complete, whose secret is found in the file."""
    for name, data in made.items():
        f.seen(path=name)
        f.target_file(name + ".layer.tar", rawtar.member(name.encode(), data) + rawtar.END)
        f.image("complete")


def text(f: Attack) -> bytes:
    return b"value " + f.secrets.github() + b"\n"


def packed(f: Attack) -> bytes:
    return gzip.compress(text(f), mtime=0)


def database(make: Callable[[sqlite3.Connection], object]) -> bytes:
    base = sqlite3.connect(":memory:")
    make(base)
    base.commit()
    return base.serialize()


def table_of(f: Attack, name: str, key: str = "x", schema: str = "") -> bytes:
    """One of a row whose BLOB is a container; `schema` is done to the tables' own table."""
    def make(base: sqlite3.Connection) -> None:
        quoted = '"' + name.replace('"', '""') + '"'
        base.execute(f"create table {quoted} (name, value)")
        base.execute(f"insert into {quoted} values (?, ?)", (key, packed(f)))
        if schema:
            base.execute("pragma writable_schema = 1")
            base.execute("update sqlite_schema set " + schema)

    return database(make)


@attack
def tables_whose_names_are_no_words(f: Attack) -> None:
    """A line break, what looks like the next value, and more than is read of a definition."""
    files(f, {"break.db": table_of(f, "a\nb"), "value.db": table_of(f, 'a"\nrootpage = 0\n'),
              "long.db": table_of(f, "n" * 70_000), "longer.db": table_of(f, "n" * 300_000),
              "key.db": table_of(f, "t", "k" * 70_000)})


@attack
def tables_by_another_type(f: Attack) -> None:
    """SQLite goes by the definition and never asks for the type."""
    files(f, {"upper.db": table_of(f, "t", schema="type = 'TABLE'"),
              "index.db": table_of(f, "t", schema="type = 'index'"),
              "none.db": table_of(f, "t", schema="type = null"),
              "text.db": table_of(f, "t", schema="rootpage = cast('2' as blob)"),
              "remark.db": table_of(f, "t", schema="sql = replace(sql, 'TABLE', '/* */ table'), "
                                                   "type = 'x'")})
