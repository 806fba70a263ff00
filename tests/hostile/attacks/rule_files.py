"""Rule files that somebody takes over from a stranger: to stall, to fill memory, to silence what
would be found, or to write into a terminal."""

import json
import os

import rawtar
from attack import FORMATS, MIB, Attack, attack
from rawtar import END

RULE = "[[rule]]\nid = '{}'\ntitle = 'T'\npattern = '''{}'''\n{}\n"


def scanned_with(f: Attack, text: str, error: str = "", path: str = "rules.toml") -> None:
    """A layer with a secret and these rules; an error where they are refused."""
    if text:
        (f.out / path).write_text(text)
    layer = f.layer()
    secret, data = layer.text_with("github")
    f.target_file("layer.tar", rawtar.member(b"etc/app.env", data) + END)
    f.arguments += ["--rules", path]
    if error:
        f.exit, f.error = 3, error
        return
    f.found("github-pat-classic", data, secret, "etc/app.env")
    f.image("complete")


@attack
def rules_by_the_ten_thousand(f: Attack) -> None:
    scanned_with(f, "".join(RULE.format(f"r{number}", f"tok{number}_[a-z]{{8}}", "")
                            for number in range(20_000)), "5000 is the most")


@attack
def rules_as_costly_as_they_may_be(f: Attack) -> None:
    """Gates in which every byte may be left out, as long as what matches one may be, and as many of
    them as all may have bytes."""
    gate = "costs" + "a?" * 249
    scanned_with(f, "".join(RULE.format(f"r{number}", f"costs{number:02}[a-z]{{8}}",
                                        f"gate = '{gate}{number:02}'") for number in range(64)))
    f.open = True


@attack
def rule_of_repeats_in_repeats(f: Attack) -> None:
    """Three letters of a program that would have 10^9 states."""
    scanned_with(f, RULE.format("r", "token(((a{1,100}){1,100}){1,100})b", ""), "repetition size")


@attack
def rule_file_nested_without_end(f: Attack) -> None:
    scanned_with(f, "a = " + "[" * 200_000, "nested")


@attack
def rule_file_of_64_mebibytes(f: Attack) -> None:
    scanned_with(f, "# " + "x" * (64 * MIB) + "\n" + RULE.format("r", "tok_[a-z]{8}", ""), "8 MiB")


@attack
def rule_file_that_is_a_device(f: Attack) -> None:
    """Without an end, and of no size."""
    scanned_with(f, "", "/dev/zero", "/dev/zero")


@attack
def rule_file_in_a_pipe(f: Attack) -> None:
    """Nobody ever writes to it."""
    scanned_with(f, "", "pipe: the rule file is no regular file", "pipe")
    os.mkfifo(f.out / "pipe")


@attack
def rule_file_with_a_secret_for_a_key(f: Attack) -> None:
    scanned_with(f, f"[[rule]]\n{f.secrets.slack().decode()} = 1\n", "rules.toml:")


@attack
def rule_files_that_extend_each_other(f: Attack) -> None:
    (f.out / "other.toml").write_text("[extend]\npath = 'rules.toml'\n")
    scanned_with(f, "[extend]\npath = 'other.toml'\n", "extend each other")


@attack
def rule_that_matches_every_word(f: Attack) -> None:
    """Half a million candidates: 10,000 findings of one file are told, and that there are more."""
    (f.out / "rules.toml").write_text(RULE.format("r", "line [0-9]{7}", ""))
    data = b"".join(b"a line %07d of text\n" % number for number in range(250_000 * f.size))
    secret = f.secrets.github()
    data = b"token " + secret + b"\n" + data
    f.target_file("layer.tar", rawtar.member(b"etc/app.env", data) + END)
    f.arguments += ["--rules", "rules.toml"]
    f.open = True
    f.image("partial")
    f.found("github-pat-classic", data, secret, "etc/app.env")
    f.gap("more than 10000 findings in one file")


@attack
def rule_with_words_for_a_terminal(f: Attack) -> None:
    """A rule's id, title and note are the stranger's words."""
    words = "\x1b[2J<script>alert(1)</script>\n  critical  forged line\u202e"
    layer = f.layer()
    for number, name in enumerate((words, "r")):
        (f.out / f"rules{number}.toml").write_text(
            f"[[rule]]\nid = {json.dumps(name)}\ntitle = {json.dumps(words)}\n"
            f"note = {json.dumps(words)}\npattern = 'acme{number}_[a-z]{{8}}'\n")
        layer.file(f"a{number}", b"acme%d_qwertyui\n" % number)
        f.seen(name)
        f.arguments += ["--rules", f"rules{number}.toml"]
    f.target_file("layer.tar", layer.tar())
    f.image("complete")
    f.formats = FORMATS
    f.never = [b"\x1b[2J", b"\n  critical  forged line"]
    f.markup = [b"<script>alert(1)"]
