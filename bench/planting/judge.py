"""Holds a report against the truth.

A secret is found when a finding in its file is about it: under its name, or with bytes that
overlap it. Of those the best is judged: is the rule the sample's own, or one that
`planted-equivalents.tsv` says names the same thing; are the way in, the offset, the extent, the
layer and the visibility right?

The offset is right when it is that of the first byte that holds a part of the secret; in an
encoding that is of the encoded bytes. The extent is right when the secret's name is the planted
one's and the reported bytes hold all of it, and no more than its group and its run have.
"""

from dataclasses import dataclass
from fnmatch import fnmatchcase
from itertools import takewhile
from pathlib import Path

from .carriers import Place
from .images import Planted

ENCODING_STEPS = {"base64", "hex", "percent", "escapes", "entities", "utf-16le", "utf-16be"}


@dataclass
class Verdict:
    planted: Planted
    finding: dict | None = None
    wrong: str = ""  # "", "missed", or what is wrong, of planted.FAULTS

    @property
    def right(self) -> bool:
        return not self.wrong


def equivalents(path: Path) -> set[tuple[str, str]]:
    """Pairs of (planted rule, rule that may be reported instead), with `*` as in a file name."""
    rows = [line.split("\t") for line in path.read_text().splitlines()
            if line and not line.startswith("#")]
    return {(row[0], row[1]) for row in rows}


def at_place(planted: Planted, finding: dict) -> bool:
    if finding["source"] != planted.source:
        return False
    if planted.paths is not None and not any(
            finding["path"].startswith(path) if path.endswith("/") else finding["path"] == path
            for path in planted.paths):
        return False
    return True


def end_of(finding: dict) -> int:
    return finding["offset"] + finding["length"]


def container(inner: list[str]) -> list[str]:
    """The steps that lead to a file; what is behind them are encodings in it."""
    return list(takewhile(lambda step: step not in ENCODING_STEPS, inner))


def about(planted: Planted, finding: dict) -> bool:
    if finding["secret_id"] == planted.secret_id:
        return True
    return any(container(place.inner) == container(finding["inner_path"])
               and finding["offset"] < place.end and place.begin < end_of(finding)
               for place in planted.places or ())


def same_type(planted: Planted, rule: str, same: set[tuple[str, str]]) -> bool:
    return rule in (planted.rule, planted.also) or any(
        fnmatchcase(planted.rule, own) and fnmatchcase(rule, other) for own, other in same)


def misplaced(places: list[Place], finding: dict) -> str:
    """What is wrong with where a finding is; "" for nothing."""
    there = [place for place in places if place.inner == finding["inner_path"]]
    if not there:
        return "way"
    if not any(place.begin == finding["offset"] for place in there):
        return "offset"
    if not any(place.begin == finding["offset"] and place.end <= end_of(finding) <= place.run_end
               for place in there):
        return "extent"
    return ""


def faults(planted: Planted, finding: dict, same: set[tuple[str, str]]) -> list[str]:
    found, rule = [], finding["rule"]
    if not same_type(planted, rule, same):
        found.append("type")
    where = misplaced(planted.places, finding) if planted.places is not None else ""
    if where:
        found.append(where)
    names = {planted.secret_id, planted.also_id if rule == planted.also else planted.secret_id}
    if finding["secret_id"] not in names:
        found.append("extent")
    if planted.layer is not None and finding["layer_index"] != planted.layer:
        found.append("visibility")
    elif (finding["visibility"], finding.get("hidden_by")) != (planted.visibility,
                                                              planted.hidden_by):
        found.append("visibility")
    elif planted.in_head is not None and finding.get("in_head") != planted.in_head:
        found.append("visibility")
    return found


def judge(planted: list[Planted], findings: list[list[dict]],
          same: set[tuple[str, str]]) -> list[Verdict]:
    """`findings` has a list for each image, in the order of their numbers."""
    by_place: list[dict[str, list[dict]]] = []
    for image in findings:
        places: dict[str, list[dict]] = {}
        for finding in image:
            # A planted file has its own folder, so the folder is enough to look in.
            places.setdefault("/".join(finding["path"].split("/")[:2]), []).append(finding)
        by_place.append(places)
    verdicts = []
    for one in planted:
        if one.paths is None:
            near = findings[one.image]
        else:
            near = by_place[one.image].get("/".join(one.paths[0].split("/")[:2]), [])
        candidates = [finding for finding in near
                      if at_place(one, finding) and about(one, finding)]
        if not candidates:
            verdicts.append(Verdict(one, None, "missed"))
            continue
        best = min(candidates, key=lambda finding: len(faults(one, finding, same)))
        verdicts.append(Verdict(one, best, (faults(one, best, same) or [""])[0]))
    return verdicts
