"""Generated consents, requests and resources, from a vocabulary so small that they meet often."""

from __future__ import annotations

from typing import Final

from hypothesis import strategies as st

from hub.kernel.types import Json
from tests.consent import cases

REFERENCES: Final = ["Observation/hb", "Encounter/e", "DiagnosticReport/r", "Organization/township", "Observation/x"]
ACTORS: Final = [cases.CLINICIAN, "Organization/county", "Organization/alliance", "Practitioner/x"]
DAYS: Final = ["2026-05-19", "2026-05-20", "2026-06-09", "2026-06-10", "2026-06-11"]

_periods = (
    st.lists(st.sampled_from(DAYS), min_size=2, max_size=2).map(sorted).map(lambda p: {"start": p[0], "end": p[1]})
)


def _some(of: list[Json]) -> st.SearchStrategy[list[Json]]:
    return st.lists(st.sampled_from(of), min_size=1, max_size=2)


_FOREIGN: Final[Json] = {"system": "urn:foreign", "code": "R"}

CRITERIA: Final[dict[str, st.SearchStrategy[object]]] = {
    "period": _periods,
    "dataPeriod": _periods,
    "actor": _some([*cases.actor(*ACTORS), {"reference": {"reference": cases.CLINICIAN}}]),
    "action": _some([*cases.code("access", "collect"), {"text": "look"}]),
    "securityLabel": _some([*cases.label(*"MNRV", "HIV", "PSY", "PSYTHPN"), _FOREIGN]),
    "purpose": _some([*cases.purpose("TREAT", "COC", "ETREAT", "HOPERAT"), _FOREIGN]),
    "class": _some([*cases.class_("Observation", "Condition"), _FOREIGN]),
    "code": _some([*cases.code("718-7", "1-1"), {"text": "blood"}]),
    "data": _some(
        [
            one
            for meaning in ("instance", "related", "dependents", "authoredby")
            for one in cases.data(meaning, *REFERENCES)
        ]
        + cases.data("unknown", "Observation/hb")
    ),
}

_criteria = st.dictionaries(st.sampled_from(sorted(CRITERIA)), st.none(), max_size=2).flatmap(
    lambda chosen: st.fixed_dictionaries({name: CRITERIA[name] for name in chosen})
)


@st.composite
def provisions(draw: st.DrawFn, depth: int = 2) -> Json:
    """A provision with at most `depth` levels nested in it."""
    nested = draw(st.lists(provisions(depth - 1), max_size=2)) if depth else []
    return cases.provision(draw(st.sampled_from(["permit", "deny"])), *nested, **draw(_criteria))


@st.composite
def consents(draw: st.DrawFn) -> Json:
    """A consent that counts, but for the period of its root."""
    found = cases.consent(None, given=draw(st.sampled_from(["2026-01-01", "2026-02-01", "2026-03-01"])))
    root = draw(provisions())
    root.pop("period", None)
    if draw(st.integers(0, 4)) == 0:
        del root["type"]
    return {**found, "provision": root}


@st.composite
def resources(draw: st.DrawFn) -> Json:
    """An Observation of another hospital."""
    labels = draw(st.sampled_from([[], ["L"], ["R"], ["V"], ["HIV"], ["PSYTHPN"], ["HIV", "PSY"], ["V", "HIV"]]))
    return cases.resource(
        securityLabel=cases.label(*labels),
        clinicalTime=draw(st.sampled_from(["2026-05-20", "2026-06-01", ...])),
        references=draw(st.lists(st.sampled_from(REFERENCES), max_size=2)),
        referencedBy=draw(st.lists(st.sampled_from(REFERENCES), max_size=1)),
    )


@st.composite
def requests(draw: st.DrawFn) -> Json:
    """A clinician's request, or a regional centre's."""
    if draw(st.integers(0, 3)) == 0:
        return cases.asked("regional-centre", purpose=draw(st.sampled_from([["HOPERAT"], ["HQUALIMP"]])))
    purpose = draw(st.sampled_from([["TREAT"], ["COC"], ["ETREAT"], ["TREAT", "ETREAT"], ["COC", "TREAT"]]))
    return cases.asked(purpose=purpose)


@st.composite
def any_cases(draw: st.DrawFn) -> Json:
    """A whole case: with or without relationship, declaration, opt-out; or a proxy's."""
    given = draw(st.lists(consents(), max_size=4))
    request = draw(requests())
    if draw(st.booleans()):
        request = {**request, "breakGlass": cases.EMERGENCY["breakGlass"]}
    if draw(st.integers(0, 4)) == 0:
        request = cases.asked("proxy", requester={"reference": cases.CLINICIAN})
    proxies = [cases.proxy(draw(st.sampled_from(["delegate", "legal-guardian"])), cases.CLINICIAN)]
    entry = {
        "organization": "Organization/county",
        "period": {"start": "2026-06-01", "end": draw(st.sampled_from(DAYS))},
    }
    policy = draw(st.sampled_from([{"clinical": "opt-out", "secondary": "opt-out"}, {}]))
    return cases.case(
        *given,
        policy=policy,
        request=request,
        resource=draw(resources()),
        patient=cases.person(careRelationships=[entry], proxies=proxies),
    )
