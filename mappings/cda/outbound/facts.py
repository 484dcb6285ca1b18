"""Which data element a resource is told under in a document: by its own coding, else by its LOINC code."""

from __future__ import annotations

from collections.abc import Sequence

from hub.kernel.types import Json
from mappings.cda.codes import ELEMENTS, LOINC
from mappings.cda.tables import rows

DIAGNOSIS = "DE05.01.024.00"
_REASON = ("DE05.10.053.00", "转诊原因")
_REFERRED = ("DE06.00.174.00", "转诊标志代码")
_REFERRAL = ("http://snomed.info/sct", "3457005")


def element_of(concept: Json) -> tuple[str, str]:
    """Data element and name of a code; ("", name) for one that has none."""
    codings = concept.get("coding", [])
    name = concept.get("text") or next((each["display"] for each in codings if each.get("display")), "")
    for each in codings:
        if each.get("system") == ELEMENTS:
            return each["code"], each.get("display") or name
    for each in codings:
        for row in rows("data-elements"):
            if each.get("system") == LOINC and row["loinc"] == each["code"]:
                return row["code"], row["names"].partition("|")[0]
    return "", name


def said(holder: Json, prefix: str) -> tuple[str, object] | None:
    """The choice of an element, as ("Quantity", ...); None if there is none."""
    for name, value in holder.items():
        if name.startswith(prefix) and name != prefix:
            kind = name.removeprefix(prefix)
            return kind[0].upper() + kind[1:], value
    return None


def diagnoses(resources: Sequence[Json]) -> list[Json]:
    """Conditions no Observation stands behind as evidence, as Observations of the diagnosis."""
    made = []
    for each in resources:
        if each["resourceType"] == "Condition" and not each.get("evidence") and each.get("code"):
            code = {"coding": [{"system": ELEMENTS, "code": DIAGNOSIS, "display": "诊断代码"}]}
            made.append({"resourceType": "Observation", "code": code, "valueCodeableConcept": each["code"]})
    return made


def referrals(resources: Sequence[Json]) -> list[Json]:
    """The newest referral as Observations: that there is one, unless that was observed, and why."""
    asked = [each for each in resources if each["resourceType"] == "ServiceRequest" and _is_referral(each)]
    if not asked:
        return []
    newest = max(asked, key=lambda each: str(each.get("authoredOn", "")))
    said = [_fact(*_REASON, newest, valueString=words) for words in _reasons(newest)]
    seen = {element_of(each["code"])[0] for each in resources if each["resourceType"] == "Observation"}
    return said if _REFERRED[0] in seen else [_fact(*_REFERRED, newest, valueBoolean=True), *said]


def _is_referral(request: Json) -> bool:
    return any(
        (each.get("system"), each.get("code")) == _REFERRAL for each in request.get("code", {}).get("coding", ())
    )


def _reasons(request: Json) -> list[str]:
    reasons = request.get("reasonCode", ())
    shown = (
        each.get("text") or next((c["display"] for c in each.get("coding", ()) if "display" in c), "")
        for each in reasons
    )
    return [words for words in shown if words]


def _fact(element: str, name: str, request: Json, **value: object) -> Json:
    code = {"coding": [{"system": ELEMENTS, "code": element, "display": name}]}
    when = {"effectiveDateTime": request["authoredOn"]} if "authoredOn" in request else {}
    return {"resourceType": "Observation", "code": code, **when, **value}
