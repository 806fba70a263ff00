"""Inputs that once crashed a fuzz target, hung it or broke what it promises; by target and by what
was wrong. They stay among its seeds."""

CRASHES: dict[str, dict[str, bytes]] = {
    "json": {
        # An escape made another name of it, and the document was not told as ambiguous.
        "repeated-under-an-escape": b'{"config":1,"c\\u006fnfig":2}',
        "repeated-empty-name": b'{"":1,"":2}',
    },
}
