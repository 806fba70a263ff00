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
        f.longest_error = 2000
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


@attack
def suppression_with_a_secret_for_a_key(f: Attack) -> None:
    given(f, "scan", "--suppressions", f'[[suppress]]\n{f.secrets.slack().decode()} = "a"\n',
          "beside:2: suppression: there is no key `xox")


@attack
def suppression_with_a_secret_said_twice(f: Attack) -> None:
    """It is the reader of TOML that repeats it."""
    word = f.secrets.slack().decode()
    given(f, "scan", "--suppressions", f"[[suppress]]\n{word} = 1\n{word} = 2\n", "beside:3: ")


@attack
def suppression_with_half_a_secret(f: Attack) -> None:
    """The reader of TOML cuts what it repeats: here in the middle of a secret."""
    for number, length in enumerate(range(340, 500, 8)):
        key = f'"{"a" * length} {f.secrets.slack().decode()}"'
        (f.out / f"beside{number}").write_text(f"[[suppress]]\n{key} = 1\n{key} = 2\n")
    word = f.secrets.slack().decode()
    f.never = [word[:20].encode()]
    given(f, "scan", "--suppressions", f'[[suppress]]\n"{"a" * 420} {word}" = 1\n'
          f'"{"a" * 420} {word}" = 2\n', "beside:3: ")


@attack
def suppression_of_a_secret_in_the_clear(f: Attack) -> None:
    """In place of its id, and in every other word: the warning that it matches nothing, and that
    it has run out, must not repeat it."""
    words = [f.secrets.slack().decode() for _ in range(4)]
    late = SUPPRESS.replace("2026-06-30", "2025-06-30").replace("team", words[3])
    given(f, "gate", "--suppressions",
          "".join(SUPPRESS.format(key, words[0]) for key in ("secret", "rule", "program", "layer"))
          + SUPPRESS.format("path", f"etc/{words[1]}/" + "x" * 100) + late.format("rule", words[2]))
    f.formats = FORMATS


@attack
def suppression_that_counts_and_says_a_secret(f: Attack) -> None:
    """Its reason and its owner stand in every report."""
    words = [f.secrets.slack().decode() for _ in range(2)]
    text = SUPPRESS.replace("a key of", words[0]).replace("team", words[1])
    given(f, "gate", "--suppressions", text.format("path", "etc/*.env"))
    f.formats = FORMATS
    f.exit = 0


@attack
def suppression_whose_pattern_is_half_a_mebibyte(f: Attack) -> None:
    """It matches everything, and the error repeats it."""
    given(f, "scan", "--suppressions", SUPPRESS.format("path", "**/" * 170_000),
          "bytes are left out")


@attack
def suppressions_of_words_of_half_a_mebibyte(f: Attack) -> None:
    """Warnings repeat what matches nothing."""
    given(f, "scan", "--suppressions", SUPPRESS.format("rule", "r" * 500_000))


@attack
def suppressions_against_all_paths(f: Attack) -> None:
    """Two thousand patterns of stars, which six thousand paths all but match."""
    (f.out / "beside").write_text("".join(
        SUPPRESS.format("path", "*g" * 60 + f"*{number:05}g*x") for number in range(2_000)))
    _, text = f.layer().text_with("github")
    f.target_file("layer.tar", b"".join(
        rawtar.member(b"g" * 70 + b"%05dx" % number, text) for number in range(6_000 * f.size))
        + END)
    f.command = "gate"
    f.arguments += ["--suppressions", "beside", *AT]
    f.seen()
    f.open = True


@attack
def suppressions_in_a_ring_of_links(f: Attack) -> None:
    """The file that is read without being named."""
    given(f, "scan", "--no-progress", "", ".stratascan.toml: the suppression file can't be read: ",
          "--quiet")
    os.symlink("ring", f.out / ".stratascan.toml")
    os.symlink(".stratascan.toml", f.out / "ring")


@attack
def policy_that_extends_a_secret(f: Attack) -> None:
    given(f, "gate", "--policy", EXTENDS.format(f'"{f.secrets.slack().decode()}"'),
          "beside:2: `extends`")


@attack
def policy_with_a_secret_for_a_check(f: Attack) -> None:
    given(f, "gate", "--policy", f"[checks.{f.secrets.slack().decode()}]\n", "beside:1: check")


@attack
def policy_with_a_secret_for_a_level(f: Attack) -> None:
    given(f, "gate", "--policy", EXTENDS.format('"default"') +
          f'[checks.image-age]\nlevel = "{f.secrets.slack().decode()}"\n',
          "`level` has no value")


@attack
def policy_with_secrets_for_words(f: Attack) -> None:
    """All that a policy may say of itself, which reports repeat."""
    word = lambda: f.secrets.slack().decode()  # noqa: E731
    text = f'id = "{word()}"\ntitle = "{word()}"\nsource = "{word()}"\nextends = ["default"]\n'
    text += f'[checks.secrets-files]\nsection = "{word()}"\nreason = "{word()}"\n'
    text += f'title = "{word()}"\nmend = "{word()}"\ndecided = "{word()}"\nnist = ["{word()}"]\n'
    text += f'allow_labels = ["{word()}"]\n[checks.base-minimal]\nminimal = ["{word()}"]\n'
    text += f'[[exempt]]\ncheck = "no-shell"\nprogram = "{word()}"\nuse_case = "see {word()}"\n'
    given(f, "gate", "--policy", text)
    f.formats = FORMATS


@attack
def policies_that_multiply(f: Attack) -> None:
    """A thousand times a policy that extends another a thousand times."""
    (f.out / "below").write_text(EXTENDS.format(", ".join(['"default"'] * 1000)))
    given(f, "gate", "--policy", EXTENDS.format(", ".join(['"below"'] * 1000)),
          "below:2: `extends` names more than 200 policies")


@attack
def policies_whose_exemptions_multiply(f: Attack) -> None:
    exempt = '[[exempt]]\ncheck = "no-shell"\nprogram = "x"\nuse_case = "it is the entry point"\n'
    (f.out / "below").write_text(EXTENDS.format('"default"') + exempt * 12_000)
    given(f, "gate", "--policy", EXTENDS.format(", ".join(['"below"'] * 190)),
          "beside:2: more than 20000 exemptions")


@attack
def policies_of_a_mebibyte_each(f: Attack) -> None:
    """Eight of them, which extend each other, would all be held at once."""
    for number in range(8):
        (f.out / f"p{number}").write_text(
            EXTENDS.format(f'"p{number + 1}"') + "x = [" + "[]," * 340_000 + "]\n")
    given(f, "gate", "--policy", EXTENDS.format('"p0"'),
          "p2:1: a policy may have 2 MiB, with those that it extends")
    f.memory = 256 * MIB


@attack
def policies_that_copy_their_words(f: Attack) -> None:
    """Each of a hundred and fifty policies has all that the one below says."""
    (f.out / "below").write_text(EXTENDS.format('"default"') + "[checks.image-age]\nreason = \""
                                 + "x" * 900_000 + '"\n')
    for number in range(150):
        (f.out / f"p{number}").write_text(EXTENDS.format('"below"'))
    given(f, "gate", "--policy", EXTENDS.format(", ".join(f'"p{n}"' for n in range(150))),
          "`extends` names says too much")


@attack
def known_bases_that_are_called_a_secret(f: Attack) -> None:
    line = "{}\tlinux/amd64\t2026-01-01\tsha256:" + "ab" * 32 + "\n"
    given(f, "gate", "--known-bases", line.format(f.secrets.slack().decode()))


@attack
def baseline_that_is_a_device(f: Attack) -> None:
    given(f, "gate", "--baseline", "", "/dev/zero: the baseline is no regular file", "/dev/zero")


@attack
def baseline_in_a_pipe(f: Attack) -> None:
    given(f, "gate", "--baseline", "", "pipe: the baseline is no regular file", "pipe")
    os.mkfifo(f.out / "pipe")


@attack
def baseline_of_one_long_text(f: Attack) -> None:
    given(f, "gate", "--baseline",
          '{"schema":"stratascan/report/1","x":"' + "a" * (400 * MIB) + '"}',
          "beside: the baseline: it has a text of more than 1 MiB")


@attack
def baseline_of_millions_of_findings(f: Attack) -> None:
    found = ",".join(f'{{"rule":"r","secret_id":"{number}"}}' for number in range(3_000_000))
    given(f, "gate", "--baseline",
          '{"schema":"stratascan/report/1","x":[' + found + "]}",
          "beside: the baseline: it has more than 1000000 findings and programs")
    f.memory = 256 * MIB


@attack
def manifest_with_secrets(f: Attack) -> None:
    """Also where what is told of it is cut."""
    word = f.secrets.slack().decode()
    f.never = [word[:20].encode()]
    given(f, "gate", "--manifest", f"app:\n  id: {'x' * 50} {word}\npermissions:\n  external:\n"
          f"    {word}:\n      {'k' * 50} {word}: ['https://u:{word}@x.example', "
          f"'{'v' * 170} {word}']\n")
    f.formats = FORMATS
    f.exit = 1


@attack
def manifest_of_anchors(f: Attack) -> None:
    """libyaml looks through all of them for each."""
    given(f, "gate", "--manifest", "a: [" + ",".join(f"&{n:x}" for n in range(140_000)) + "]\n",
          "beside: the manifest has more than 1000 anchors")


@attack
def manifest_of_tags(f: Attack) -> None:
    given(f, "gate", "--manifest", "".join(f"%TAG !t{n}! x\n" for n in range(60_000)) + "--- {}\n",
          "beside: the manifest declares more than 100 tags")


@attack
def manifest_of_nothing_without_end(f: Attack) -> None:
    """Empty lists in lists, a thousand to the seventh: none of them is a permission."""
    text = "a0: &a0 [" + "[]," * 999 + "]\n"
    for number in range(7):
        text += f"a{number + 1}: &a{number + 1} [" + f"*a{number}, " * 999 + "]\n"
    given(f, "gate", "--manifest", text + "permissions:\n  external: *a7\n")
    f.told = []
