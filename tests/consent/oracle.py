"""A second reading of sections 5 and 6, slow and literal, on plain JSON: shares nothing with the engine.

It answers for a clinician's or a regional centre's request whose consents all count, so that what the engine says can
be compared. It knows the few periods, labels and codes the generators below write.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from hub.kernel.types import Json
from tests.consent import cases

NINE: Final = ("period", "actor", "action", "securityLabel", "purpose", "class", "code", "dataPeriod", "data")
ORDER: Final = ["U", "L", "M", "N", "R", "V"]
SENSITIVE: Final = {"HIV": {"HIV"}, "PSY": {"PSY"}, "PSYTHPN": {"PSYTHPN", "PSY"}}
ABOVE: Final = {
    "TREAT": {"TREAT"},
    "COC": {"COC", "TREAT"},
    "ETREAT": {"ETREAT", "TREAT"},
    "HOPERAT": {"HOPERAT"},
    "HQUALIMP": {"HQUALIMP", "HOPERAT"},
}


def evaluate(consents: list[Json], request: Json, given: Json, *, related: bool, opt_out: bool) -> str:
    """`permit reason` or `deny reason`."""
    specific: list[tuple[str, list[Json]]] = []
    general: list[tuple[datetime, str]] = []
    for one in consents:
        standing = stands(spread(one), request, given)
        if not standing:
            continue
        word = "deny" if any(p["type"] == "deny" for p in standing) else "permit"
        root_alone = [p["at"] for p in standing] == [()] and not set(standing[0]["criteria"]) - {"period"}
        if root_alone:
            general.append((datetime.fromisoformat(one["dateTime"] + "T00:00:00+08:00"), word))
        else:
            specific.append((word, standing))
    if any(word == "deny" for word, _ in specific):
        return "deny consent-deny"
    counting = [p for _, standing in specific for p in standing if related or "actor" in p["criteria"]]
    if not related and not counting:
        return "deny no-care-relationship"
    if counting:
        said = "permit consent-permit"
    elif general:
        latest = max(at for at, _ in general)
        if "deny" in [word for at, word in general if at == latest]:
            return "deny consent-deny"
        said = "permit consent-permit"
    elif opt_out:
        said = "permit default-permit"
    else:
        return "deny no-consent"
    if effective(given) in "RV" and not is_covered(given, counting):
        return "deny restricted-not-permitted"
    if effective(given) == "V" and request["form"] == "identified":
        return "deny second-approval-required"
    return said


def spread(one: Json) -> list[Json]:
    """Every provision with its place in the tree and its effective criteria; a root without a type has type ''."""
    found: list[Json] = []

    def visit(provision: Json, at: tuple[int, ...], inherited: Json) -> None:
        criteria = {**inherited, **{name: provision[name] for name in NINE if provision.get(name)}}
        found.append({"at": at, "type": provision.get("type", ""), "criteria": criteria})
        for number, child in enumerate(provision.get("provision", [])):
            visit(child, (*at, number), criteria)

    visit(one.get("provision", {}), (), {})
    return found


def stands(provisions: list[Json], request: Json, given: Json) -> list[Json]:
    matching = [p for p in provisions if p["type"] and matches(p, request, given)]
    return [
        p
        for p in matching
        if not any(len(o["at"]) > len(p["at"]) and o["at"][: len(p["at"])] == p["at"] for o in matching)
    ]


def matches(provision: Json, request: Json, given: Json) -> bool:
    permit = provision["type"] == "permit"
    verdicts = [judge(name, value, request, given, permit) for name, value in provision["criteria"].items()]
    return all(verdict is True or (verdict is None and not permit) for verdict in verdicts)


def judge(name: str, value: Any, request: Json, given: Json, permit: bool) -> bool | None:
    """True, False, or None: cannot be evaluated."""
    if name == "period":
        return inside(request["time"][:10], value)
    if name == "dataPeriod":
        return None if "clinicalTime" not in given else inside(given["clinicalTime"], value)
    fitting = [fits(name, one, request, given, permit) for one in value]
    if name == "purpose":
        listed = {one["code"] for one in value if one.get("system") == cases.ACT_REASON}
        covered = [bool(ABOVE[purpose] & listed) for purpose in request["purpose"]]
        held = all(covered) if permit else any(covered)
    else:
        held = True in fitting
    return True if held else None if None in fitting else False


def inside(day: str, period: Json) -> bool:
    """All days here are whole ones, so in a permit and in a deny it is the same."""
    return bool(period.get("start", "0") <= day <= period.get("end", "9"))


def fits(name: str, one: Json, request: Json, given: Json, permit: bool) -> bool | None:
    system, code = one.get("system"), one.get("code")
    match name:
        case "actor":
            home = request["requester"]["organization"]
            mine = {request["requester"]["reference"], home}
            mine |= {"Organization/alliance"} if home == "Organization/county" else set()
            return None if "role" not in one else one["reference"]["reference"] in mine
        case "action":
            return one["coding"][0]["code"] == request["action"] if "coding" in one else None
        case "securityLabel" if system == cases.CONFIDENTIALITY:
            have, want = ORDER.index(effective(given)), ORDER.index(str(code))
            return have <= want if permit else have >= want
        case "securityLabel":
            return any(code in SENSITIVE[label] for label in carried(given)) if system == cases.ACT_CODE else None
        case "purpose":
            return False if system == cases.ACT_REASON else None
        case "class":
            return code == given["resourceType"] if system == cases.TYPES else None
        case "code":
            return one["coding"][0] in given["code"] if "coding" in one else None
        case _:
            return points(one, given) if one["meaning"] != "unknown" else None


def points(one: Json, given: Json) -> bool:
    reach: dict[str, list[str]] = {
        "instance": [given["reference"]],
        "related": [given["reference"], *given["references"], *given["referencedBy"]],
        "dependents": [given["reference"], *given["references"]],
        "authoredby": [given["authorOrganization"]],
    }
    named: str = one["reference"]["reference"]
    return named in reach[one["meaning"]]


def carried(given: Json) -> list[str]:
    return [one["code"] for one in given["securityLabel"] if one["system"] == cases.ACT_CODE]


def effective(given: Json) -> str:
    codes = [one["code"] for one in given["securityLabel"] if one["system"] == cases.CONFIDENTIALITY] or ["N"]
    highest = max(codes, key=ORDER.index)
    return "R" if carried(given) and highest != "V" else highest


def is_covered(given: Json, counting: list[Json]) -> bool:
    instance = {"meaning": "instance", "reference": {"reference": given["reference"]}}
    if any(instance in p["criteria"].get("data", []) for p in counting):
        return True
    listed = [one for p in counting for one in p["criteria"].get("securityLabel", [])]
    ranks = {one["code"] for one in listed if one.get("system") == cases.CONFIDENTIALITY}
    if effective(given) == "V":
        return "V" in ranks
    codes = {one["code"] for one in listed if one.get("system") == cases.ACT_CODE}
    labels = carried(given)
    return bool(ranks & {"R", "V"}) or (bool(labels) and all(SENSITIVE[label] & codes for label in labels))
