"""Files that `scan` and `gate` are given beside their targets: suppressions, policies, tables of
base images, baselines, manifests. Whoever can change one would stall the gate, fill its memory,
write into a terminal, or have a secret printed that stands in the file."""

import json
import os

import rawtar
from attack import FORMATS, MIB, Attack, attack
from rawtar import END

SUPPRESS = """[[suppress]]
{} = "{}"
reason = "a key of the test account"
owner = "team"
until = 2026-06-30
"""
AT = ["--at", "2026-01-02"]  # the day that the gate judges by
EXTENDS = 'id = "ours"\nextends = [{}]\n'


def given(f: Attack, command: str, option: str, data: bytes | str, error: str = "",
          path: str = "beside") -> None:
    """A layer with a secret, and that file. An error where it is refused: where, and what is wrong
    with it."""
    if data:
        (f.out / path).write_bytes(data if isinstance(data, bytes) else data.encode())
    layer = f.layer()
    secret, text = layer.text_with("github")
    f.target_file("layer.tar", rawtar.member(b"etc/app.env", text) + END)
    f.command = command
    f.arguments += [option, path]
    if command == "gate":
        f.arguments += AT
    if error:
        f.exit, f.error = 3, error
        f.memory = 128 * MIB
        return
    f.found("github-pat-classic", text, secret, "etc/app.env")
    f.image("complete")


@attack
def suppressions_of_64_mebibytes(f: Attack) -> None:
    given(f, "scan", "--suppressions", "# " + "x" * (64 * MIB),
          "beside: the suppression file may have 1 MiB")


@attack
def suppressions_by_the_thousand(f: Attack) -> None:
    """As many as the file has room for."""
    text = "".join(SUPPRESS.format("rule", f"r{number}") for number in range(9_000))
    given(f, "gate", "--suppressions", text, "beside:1: suppression: more than 2000 suppressions")


@attack
def suppressions_nested_without_end(f: Attack) -> None:
    """A bracket a line, so that no line is deep."""
    given(f, "scan", "--suppressions", "a = " + "[\n" * 400_000, "beside:257: ")


@attack
def suppressions_of_keys_without_end(f: Attack) -> None:
    """Keys of four thousand parts, which are tables in tables."""
    text = "\n".join("a" + ".b" * 4000 + f".c{number} = 1" for number in range(120))
    given(f, "scan", "--suppressions", text, "beside:1: a key of more than 1024 parts")


@attack
def suppression_said_twice(f: Attack) -> None:
    """One reader takes the first rule, the next one the last."""
    given(f, "gate", "--suppressions", SUPPRESS.format("rule", "a") + 'rule = "b"\n',
          "beside:6: Error while parsing key-value pair: cannot redefine existing string 'rule'")


@attack
def suppressions_of_broken_bytes(f: Attack) -> None:
    """What is no UTF-8, behind a line that is."""
    text = SUPPRESS.format("rule", "a").encode() + b"# \xc0\xaf\xed\xa0\x80\xff\n"
    given(f, "gate", "--suppressions", text,
          "beside:6: Encountered invalid utf-8 sequence")


@attack
def suppressions_of_nuls(f: Attack) -> None:
    given(f, "scan", "--suppressions", b"\0" * 100_000, "beside:1: ")


@attack
def suppression_with_words_for_a_terminal(f: Attack) -> None:
    """The error must name the key, and does it in one line."""
    given(f, "scan", "--suppressions",
          '[[suppress]]\n"\\u001b[2J\\u009b31m\\n  critical  forged line\\u202e" = "a"\n',
          "beside:2: suppression: there is no key `\\x1B[2J")
    f.never = [b"\x1b[2J", b"\xc2\x9b", b"\n  critical  forged line", "\u202e".encode()]
    f.formats = FORMATS


@attack
def suppressions_of_hostile_patterns(f: Attack) -> None:
    """A mebibyte of them, each of two hundred stars. None matches, and none takes more than its
    length for each byte of a path."""
    text = "".join(SUPPRESS.format("path", "*" + "e*" * 180 + f"{number}?*")
                   for number in range(2_000))
    given(f, "gate", "--suppressions", text)


@attack
def suppressions_in_a_pipe(f: Attack) -> None:
    """Nobody ever writes to it."""
    given(f, "gate", "--suppressions", "", "pipe: the suppression file is no regular file", "pipe")
    os.mkfifo(f.out / "pipe")


@attack
def policy_that_is_a_device(f: Attack) -> None:
    given(f, "gate", "--policy", "", "/dev/zero: the policy is no regular file", "/dev/zero")


@attack
def policy_that_is_a_folder(f: Attack) -> None:
    given(f, "gate", "--policy", "", "folder: the policy is no regular file", "folder")
    (f.out / "folder").mkdir()


@attack
def policies_that_extend_each_other(f: Attack) -> None:
    """By other names each time, in a ring."""
    for number in range(20):
        (f.out / f"ring{number}").write_text(EXTENDS.format(f'"./ring{(number + 1) % 20}"'))
    given(f, "gate", "--policy", EXTENDS.format('"ring0"'), "leads back to itself or too deep")


@attack
def policy_that_extends_a_device(f: Attack) -> None:
    given(f, "gate", "--policy", EXTENDS.format('"/dev/zero"'),
          'beside:2: `extends` "/dev/zero": the policy is no regular file')


@attack
def policy_with_exemptions_without_end(f: Attack) -> None:
    """Twelve thousand of one check, and patterns of two hundred stars."""
    text = EXTENDS.format('"default"') + "[checks.no-shell]\nallow_paths = [" + ",".join(
        f'"*{"e*" * 200}{number}?*"' for number in range(500)) + "]\n"
    exempt = '[[exempt]]\ncheck = "no-shell"\nprogram = "x"\nuse_case = "it is the entry point"\n'
    given(f, "gate", "--policy", text + exempt * 10_000)
    f.formats = ["table", "markdown"]


@attack
def known_bases_of_a_mebibyte(f: Attack) -> None:
    """As many as there is room for, with words for a terminal for their names."""
    line = "\x1b[2Jbase\tlinux/amd64\t2026-01-01\tsha256:" + "ab" * 32 + "\n"
    given(f, "gate", "--known-bases", line * (MIB // len(line)))
    f.never = [b"\x1b[2J"]
    f.formats = FORMATS


@attack
def known_bases_with_a_secret(f: Attack) -> None:
    """In place of a digest, in the second line."""
    line = "base\tlinux/amd64\t2026-01-01\t{}\n"
    text = line.format("sha256:" + "ab" * 32) + line.format(f.secrets.github().decode())
    given(f, "gate", "--known-bases", text, "beside:2: the digests are no list")


@attack
def known_bases_in_a_ring_of_links(f: Attack) -> None:
    given(f, "gate", "--known-bases", "", "link0: ", "link0")
    for number in range(3):
        os.symlink(f"link{(number + 1) % 3}", f.out / f"link{number}")


@attack
def baseline_of_a_million_brackets(f: Attack) -> None:
    given(f, "gate", "--baseline", '{"schema": "stratascan/report/1", "x": ' + "[" * 1_000_000,
          "beside: the baseline is no JSON")


@attack
def baseline_with_secrets_for_words(f: Attack) -> None:
    """It is no report, and the error has no word of it."""
    words = {f.secrets.github().decode(): [f.secrets.slack().decode()] * 1000,
             "schema": f.secrets.npm().decode()}
    given(f, "gate", "--baseline", json.dumps(words), "beside: the baseline is no report of ours")


@attack
def baseline_of_three_hundred_thousand_findings(f: Attack) -> None:
    """None of them is in the image, so nothing is let pass."""
    found = (f'{{"rule":"r{number}","secret_id":"hmac-sha256:{number:064x}"}}'
             for number in range(300_000 * f.size))
    given(f, "gate", "--baseline",
          '{"schema":"stratascan/report/1","targets":[' + ",".join(found) + "]}")


@attack
def manifest_of_aliases_of_aliases(f: Attack) -> None:
    """Nine to the twelfth lines of text for who follows them all."""
    text = "a: &a [x, x, x, x, x, x, x, x, x]\n"
    for name, below in zip("bcdefghijklm", "abcdefghijkl"):
        text += f"{name}: &{name} [{', '.join([f'*{below}'] * 9)}]\n"
    given(f, "gate", "--manifest", text + "permissions:\n  external: *m\n")


@attack
def manifest_that_holds_itself(f: Attack) -> None:
    given(f, "gate", "--manifest", "permissions: &p\n  external: *p\n")


@attack
def manifest_nested_without_end(f: Attack) -> None:
    given(f, "gate", "--manifest", "a: " + "[" * 400_000,
          "beside: the manifest is nested too deeply")
