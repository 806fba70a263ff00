"""Holds a report against the truth.

A secret is found when a finding at its place is about it: under its name, or with bytes that
overlap it. Of those the best is judged: is the rule the sample's own, or one that
`planted-equivalents.tsv` says names the same thing; are offset, layer and visibility right?
"""

from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

from .images import Planted


@dataclass
class Verdict:
    planted: Planted
    finding: dict | None = None
    wrong: str = ""  # "", "missed", or what is wrong: "type", "offset", "visibility", "extent"

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


def about(planted: Planted, finding: dict) -> bool:
    if finding["secret_id"] == planted.secret_id:
        return True
    if planted.offsets is None or planted.inner != finding["inner_path"]:
        return False
    begin, end = finding["offset"], finding["offset"] + finding["length"]
    return any(begin < offset + planted.length and offset < end for offset in planted.offsets)


def faults(planted: Planted, finding: dict, same: set[tuple[str, str]]) -> list[str]:
    found = []
    rule = finding["rule"]
    if rule != planted.rule and not any(fnmatchcase(planted.rule, own) and fnmatchcase(rule, other)
                                        for own, other in same):
        found.append("type")
    if planted.offsets is not None and finding["offset"] not in planted.offsets:
        found.append("offset")
    elif finding["secret_id"] != planted.secret_id:
        found.append("extent")
    # An encoding may be a step of its own on the way in.
    if planted.inner is not None and finding["inner_path"][:len(planted.inner)] != planted.inner:
        found.append("offset")
    if planted.layer is not None and finding["layer_index"] != planted.layer:
        found.append("visibility")
    elif (finding["visibility"], finding.get("hidden_by")) != (planted.visibility,
                                                              planted.hidden_by):
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
