"""The consent decision: CPU time of each way to ask, one process, no I/O.

`python -m bench.consent [--json FILE] [--rounds N]` decides a mix of requests about a patient with eight consents and
prints microseconds per decision, the median of rounds: `raw` reads everything from JSON; `prepared` asks a request
that was prepared once about one resource after another; `facts` reads one resource; `prepare` prepares a request
against compiled consents; `compile` compiles one consent.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from consent.compiler import compile_consents
from consent.configuration import DEFAULT
from consent.decide import decide, decide_for
from consent.facts import read_facts
from consent.inquiry import Inquiry, prepare
from consent.references import References
from hub.kernel.types import Json
from tests.consent import cases

REFERENCES = References(DEFAULT.base_urls)

CONSENTS = [
    cases.consent("permit"),
    cases.consent("deny", about={"purpose": cases.purpose("HRESCH", "PRODRD")}),
    cases.consent("permit", about={"actor": cases.actor("Organization/alliance"), "purpose": cases.purpose("TREAT")}),
    cases.consent("deny", about={"securityLabel": cases.label("PSY"), "actor": cases.actor("Organization/township")}),
    cases.consent("permit", about={"securityLabel": cases.label("HIV"), "actor": cases.actor("Organization/county")}),
    cases.consent(
        "deny",
        cases.provision("permit", actor=cases.actor(cases.CLINICIAN)),
        about={"code": cases.code("4548-4"), "dataPeriod": {"start": "2026-01-01", "end": "2026-03-31"}},
    ),
    cases.consent("deny", about={"class": cases.class_("ImagingStudy"), "period": {"end": "2026-12"}}),
    {**cases.consent("deny"), "status": "inactive", "id": "withdrawn"},
]
REQUESTS = [
    cases.asked(),
    cases.asked("family-doctor"),
    cases.asked("regional-centre"),
    cases.asked(**cases.EMERGENCY),
    cases.asked("proxy"),
    cases.asked("patient"),
]
RESOURCES = [
    cases.resource(),
    cases.resource(authorOrganization="Organization/county"),
    cases.resource(resourceType="Condition", securityLabel=cases.label("HIV")),
    cases.resource(code=[{"system": cases.LOINC, "code": "4548-4"}], clinicalTime="2026-02-03T08:00:00+08:00"),
    cases.resource(resourceType="ImagingStudy", references=["Encounter/e", "Patient/chen"]),
]


def a_case(request: Json, resource: Json) -> Json:
    patient = cases.person(proxies=[cases.proxy("delegate")])
    return cases.case(*CONSENTS, request=request, resource=resource, patient=patient)


def measure(work: list[Callable[[], object]], rounds: int, repeats: int = 100) -> float:
    """Microseconds of CPU time per call of the mix: the median of rounds."""
    found = []
    for _ in range(rounds):
        begin = time.process_time()
        for _ in range(repeats):
            for call in work:
                call()
        found.append((time.process_time() - begin) / repeats / len(work) * 1e6)
    return statistics.median(found)


def ways() -> dict[str, list[Callable[[], object]]]:
    """What is measured: name -> calls."""
    raw = [a_case(request, resource) for request in REQUESTS for resource in RESOURCES]
    compiled = compile_consents(CONSENTS)

    def prepared(case: Json) -> Inquiry:
        keys = ("policy", "directory", "patient", "request")
        return prepare(consents=compiled, **{key: case[key] for key in keys})

    inquiries = [prepared(a_case(request, RESOURCES[0])) for request in REQUESTS]
    facts = [read_facts(resource, REFERENCES) for resource in RESOURCES]
    return {
        "raw": [partial(decide, case) for case in raw],
        "prepared": [partial(decide_for, inquiry, fact) for inquiry in inquiries for fact in facts],
        "facts": [partial(read_facts, resource, REFERENCES) for resource in RESOURCES],
        "prepare": [partial(prepared, case) for case in raw],
        "compile": [partial(compile_consents, [one]) for one in CONSENTS],
    }


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--json", type=Path)
    options.add_argument("--rounds", type=int, default=15)
    given = options.parse_args()
    result = {name: measure(work, given.rounds) for name, work in ways().items()}
    print(f"{'way':<12}{'microseconds':>14}")
    for name, microseconds in result.items():
        print(f"{name:<12}{microseconds:>14.2f}")
    if given.json:
        given.json.write_text(json.dumps(result, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
