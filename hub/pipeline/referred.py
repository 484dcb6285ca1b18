"""A referral that forms and documents tell of gets to whom it names, where the consortium knows the facility.

The facility becomes the performer of the request, for a time, and the owner of the Task. Any other name leaves the
request unaddressed: its Task is on the list of the facility that sent it, whose people say who is meant. What an owner
has said of a Task stays when the document comes again.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from datetime import timedelta
from typing import Final

from msgspec.structs import replace

from hub.fhir.temporal import CHINA, interval
from hub.kernel.errors import HubError
from hub.kernel.ports import Translator
from hub.kernel.types import Draft, Json, Translation

#: Patient referral (SNOMED CT).
_REFERRAL: Final = ("http://snomed.info/sct", "3457005")
#: What follows a facility's name in the name of another: 分院, 院区, 集团. A department of it is none of these.
_ELSEWHERE: Final = re.compile(r"(?<!住)院|分部|门诊部|诊所|卫生所|站|集团|联合体|医共体|医联体")
#: How long the receiver looks after the patient: a form names no end, and a relationship without one would never end.
FOR: Final = timedelta(days=30)
_UNADDRESSED: Final = "转诊: 联合体内没有找到接收机构, 请指定"


def with_receivers(translator: Translator, own: str, names: Mapping[str, str]) -> Translator:
    """A translator whose referrals are addressed; `own` is the facility of the feed, `names` facility names by code."""
    known = _by_name(names)

    def translate(raw: bytes) -> Translation:
        translation = translator(raw)
        requests = {f"ServiceRequest/{d.resource['id']}": d for d in translation.drafts if _is_referral(d)}
        tasks = [d for d in translation.drafts if _is_open(d, requests)] if requests else []
        if not tasks:
            return translation
        told: dict[int, Draft] = {}
        for task in tasks:
            request = requests[task.resource["focus"]["reference"]]
            receiver = _receiver(request.resource, known)
            receiver = "" if receiver == own else receiver
            told[id(task)] = _given(task, receiver or own, addressed=bool(receiver))
            if receiver:
                told[id(request)] = replace(request, resource=_for(request.resource, receiver))
        return replace(translation, drafts=tuple(told.get(id(draft), draft) for draft in translation.drafts))

    return translate


def _by_name(names: Mapping[str, str]) -> dict[str, str]:
    """Codes by name; "" of a name that several facilities bear."""
    known: dict[str, str] = {}
    for code, name in names.items():
        plain = _plain(name)
        known[plain] = "" if plain in known else code
    known.pop("", None)
    return known


def _is_referral(draft: Draft) -> bool:
    if draft.resource["resourceType"] != "ServiceRequest":
        return False
    codings = draft.resource.get("code", {}).get("coding", ())
    return any((each.get("system"), each.get("code")) == _REFERRAL for each in codings)


def _is_open(draft: Draft, requests: Mapping[str, Draft]) -> bool:
    """Whether it is the Task of a referral that nobody owns."""
    focus = draft.resource.get("focus", {}).get("reference")
    return draft.resource["resourceType"] == "Task" and focus in requests and "owner" not in draft.resource


def _receiver(request: Json, known: Mapping[str, str]) -> str:
    """The facility whose name, or name and department, the request states; "" for none, or for no one alone."""
    found: set[str] = set()
    for each in request.get("performer", ()):
        said = _plain(each.get("display", ""))
        name = max((name for name in known if said.startswith(name)), key=len, default="")
        found.add(known.get(name, "") if not _ELSEWHERE.search(said[len(name) :]) else "")
    return found.pop() if len(found) == 1 else ""


def _plain(name: str) -> str:
    return "".join(unicodedata.normalize("NFKC", name).split())


def _for(request: Json, receiver: str) -> Json:
    performer = [{**request["performer"][0], "reference": f"Organization/{receiver}"}]
    return {**request, "performer": performer} | _period(request.get("authoredOn", ""))


def _period(when: str) -> Json:
    """From the day of the referral on; nothing where it states none, and then it opens nothing."""
    try:
        start = interval(when)[0].astimezone(CHINA).date() if when else None
    except HubError:
        start = None
    return {} if start is None else {"occurrencePeriod": {"start": f"{start}", "end": f"{start + FOR}"}}


def _given(task: Draft, owner: str, *, addressed: bool) -> Draft:
    """The Task of its owner: laid over what stands, so that what the owner said stays."""
    stated = {name: value for name, value in task.resource.items() if name != "status"}
    said = {"owner": {"reference": f"Organization/{owner}"}, "description": "转诊" if addressed else _UNADDRESSED}
    return replace(task, resource=stated | said, merge="overlay", defaults={"status": task.resource["status"]})
