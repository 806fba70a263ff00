"""What is planted: for each rule fake secrets of its format, and how each may be written.

A sample is one expanded example of a rule. Its form says in which contexts it is at home:

  token     the rule asks for nothing round the secret: it may stand anywhere, under any name
  named     `NAME = VALUE`: the name is the rule's own, written in each language's way, and the
            secret is the value or a part of it (a URL with a password in it)
  verbatim  a line or a block that has one way of being written (a line of .netrc, a PEM block, a
            command): it stands as it is, alone in its file or among other lines
"""

import random
import re
import tomllib
from dataclasses import dataclass, field
from pathlib import Path

from .templates import Expander

ASSIGNED = re.compile(
    r"""(?:export\s+|ENV\s+)?(["']?)(?P<name>[A-Za-z_][\w.\-]{2,60})\1\s?[=:]\s?"""
    r"""(["']?)(?P<value>[^\s"'<>{}]+)\3[,;]?""")
# Written as lines of files that set an environment, and nowhere else.
LINES = {"generic-password-env"}
HEADER = re.compile(r"Authorization|Cookie|x-|ocp-", re.IGNORECASE)
# Of a rule's id, what says the kind of credential and not whose it is.
KINDS = {"old", "other", "length", "generic", "near", "value", "id", "in", "url",
         "prefix"}
# Their names are environment variables that one product reads: they are the same in every language.
FIXED = {"airflow-fernet-key", "browser-application-secret", "codeclimate-reporter-id",
         "container-admin-password",
         "expo-access-token", "laravel-app-key", "rails-secret-key-base", "shell-password-variable",
         "sidekiq-credentials", "symfony-app-secret"}


@dataclass
class Rule:
    id: str
    file: str
    pattern: re.Pattern
    examples: list[str]
    bare: bool  # neither context words nor an anchor near by are asked for


@dataclass
class Sample:
    rule: str
    form: str
    secret: str
    value: str  # has `secret` in it; for verbatim ones all of the text
    words: list[str] = field(default_factory=list)  # of the name, in lower case
    name: str = ""  # where it is written in one way only
    command: bool = False  # verbatim: a command line


def read_rules(patterns: Path) -> list[Rule]:
    rules = []
    for path in sorted(patterns.glob("*.toml")):
        for rule in tomllib.loads(path.read_text(encoding="utf-8"))["rule"]:
            if rule["severity"] == "info":
                continue  # evidence for others, no secret
            rules.append(Rule(rule["id"], path.stem, re.compile(rule["pattern"].encode("latin-1")),
                              rule["examples"], not (rule.get("reach") or rule.get("context"))))
    return rules


def secret_in(rule: Rule, text: str) -> str | None:
    found = rule.pattern.search(text.encode("latin-1"))
    if not found:
        return None
    group = "secret" if "secret" in rule.pattern.groupindex else 0
    return (found[group] or found[0]).decode("latin-1")


def stands_alone(rule: Rule, secret: str) -> bool:
    return rule.bare and all(secret_in(rule, text) == secret for text in
                             (f'"{secret}"\n', f"\n{secret}\n", f" {secret} ", f":{secret},"))


def name_words(name: str) -> list[str]:
    parted = re.sub(r"([a-z0-9])([A-Z])", r"\1_\2", name)
    return [word for word in re.split(r"[_.\-]+", parted.lower()) if word]


def sample(rule: Rule, rng: random.Random, number: int) -> Sample | None:
    """The `number`th sample of the rule; None where its own pattern does not match its example."""
    example = rule.examples[number % len(rule.examples)]
    if any(kind in example for kind in ("{{keystore:", "{{der:", "{{pgp:")):
        return None  # a binary file is a whole of its own, in no context
    text = Expander(rng).expand(example)
    secret = secret_in(rule, text)
    if secret is None:
        return None
    assigned = ASSIGNED.fullmatch(text.strip())
    if assigned and not re.search(r"[a-zA-Z]", assigned["name"]):
        assigned = None
    if not re.search(r"\s", secret) and stands_alone(rule, secret):
        words = name_words(assigned["name"]) if assigned and secret == assigned["value"] else [
            word for word in rule.id.split("-") if word not in KINDS]
        return Sample(rule.id, "token", secret, secret, words)
    if rule.bare and re.fullmatch(r"[a-z][a-z0-9+]*:(?:[a-z]+:)*(?://|thin:)[^\s\"']+", text):
        return Sample(rule.id, "named", secret, text, ["service", "url"])
    if rule.bare and re.fullmatch(r"\w+=[^;\s]+;[^\s\"']+", text):
        return Sample(rule.id, "named", secret, text, ["connection", "string"])
    # A header and a line of a tool's own file have one way of being written.
    if (assigned and secret in assigned["value"] and rule.file != "credential-files"
            and rule.id not in LINES and not HEADER.match(assigned["name"])):
        return Sample(rule.id, "named", secret, assigned["value"], name_words(assigned["name"]),
                      assigned["name"] if rule.id in FIXED else "")
    return Sample(rule.id, "verbatim", secret, text, command=rule.file == "command-lines")
