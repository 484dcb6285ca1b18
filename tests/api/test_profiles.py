"""Profiles on the API: https://hl7.org/fhir/R4/profiling.html#resources, https://hl7.org/fhir/R4/validation.html"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from hub.fhir.validator import Validator
from tests.api.house import House, body, in_house, patient
from tests.fhir.profiles.package import BASE, element, guide, profile


def judge(folder: Path) -> Validator:
    rule = {"key": "g-1", "severity": "warning", "human": "has a photo", "expression": "photo.exists()"}
    return Validator(
        guide(
            folder,
            profile("named", "Patient", element("Patient", constraint=[rule]), element("Patient.name", max="1")),
            profile("kind", "Extension", element("Extension.value[x]", min=1, type=[{"code": "code"}])),
        )
    )


def house_of(url: str, folder: Path, visit: Any) -> None:
    validator = judge(folder)
    in_house(url, visit, validate=validator, examine=validator.examine)


def test_a_resource_that_claims_a_loaded_profile_and_breaks_it_is_refused(database_url: str, tmp_path: Path) -> None:
    async def visit(home: House) -> None:
        claimed = patient(meta={"profile": [BASE + "named"]})
        made = await home.create(claimed)
        twice = {**claimed, "name": [{"text": "x"}, {"text": "y"}]}
        for method, path, sent in (("POST", "/Patient", twice), ("PUT", f"/Patient/{made['id']}", {**made, **twice})):
            answer = await home.ask(method, path, sent)
            assert answer.status_code == 422
            (issue,) = body(answer)["issue"]
            assert issue["expression"] == ["Patient.name"]
        await home.create({**twice, "meta": {"profile": ["urn:unknown"]}})

    house_of(database_url, tmp_path, visit)


def test_validate_judges_by_claimed_and_by_named_profiles(database_url: str, tmp_path: Path) -> None:
    async def visit(home: House) -> None:
        twice = patient(name=[{"text": "x"}, {"text": "y"}])

        async def told(path: str, sent: Any) -> list[tuple[str, str]]:
            issues = body(await home.ask("POST", path, sent))["issue"]
            return [(one["severity"], one["expression"][0]) for one in issues if "(dom-6)" not in one["diagnostics"]]

        assert await told("/Patient/$validate", twice) == []
        expected = [("error", "Patient.name"), ("warning", "Patient")]
        assert await told(f"/Patient/$validate?profile={BASE}named", twice) == expected
        assert await told("/Patient/$validate", {**twice, "meta": {"profile": [BASE + "named"]}}) == expected
        parameters = [{"name": "resource", "resource": twice}, {"name": "mode", "valueCode": "profile"}]
        parameters += [{"name": "profile", "valueUri": BASE + "named"}]
        sent = {"resourceType": "Parameters", "parameter": parameters}
        assert await told("/Patient/$validate", sent) == expected

    house_of(database_url, tmp_path, visit)


def test_validate_judges_extensions_by_their_definitions(database_url: str, tmp_path: Path) -> None:
    async def visit(home: House) -> None:
        extensions = [{"url": BASE + "kind", "valueString": "x"}, {"url": "urn:unknown", "valueCode": "x"}]
        answer = await home.ask("POST", "/Patient/$validate", patient(extension=extensions))
        issues = [one for one in body(answer)["issue"] if "(dom-6)" not in one["diagnostics"]]
        assert [(one["severity"], one["expression"]) for one in issues] == [
            ("error", ["Patient.extension[0].value.ofType(string)"]),
            ("information", ["Patient.extension[1]"]),
        ]

    house_of(database_url, tmp_path, visit)
