"""What the page says of a study, and where it leads."""

from __future__ import annotations

from typing import Any

import pytest

from hub.auth.directory import Directory
from hub.portal.entries.findings import study
from hub.portal.entry import Reading
from hub.portal.record import Item, Record
from hub.portal.texts import texts_of
from tests.auth.consortium import CONSORTIUM

VIEWERS = {"Endpoint/e1": "https://viewer.example/view?StudyInstanceUIDs={study}&x=1"}
NOBODY = Record(person="p", patient={}, sources=(), items=(), others={}, cut=False)


def link(**elements: Any) -> str:
    resource = {
        "resourceType": "ImagingStudy",
        "status": "available",
        "identifier": [{"value": "S1"}, {"system": "urn:dicom:uid", "value": "urn:oid:1.2.3"}],
        "endpoint": [{"reference": "Endpoint/other"}, {"reference": "Endpoint/e1"}],
        **elements,
    }
    item = Item(type="ImagingStudy", id="s", organization="F01", began=None, ended=None, resource=resource)
    return study(item, Reading(NOBODY, texts_of("zh"), Directory(CONSORTIUM), VIEWERS)).link


def test_a_study_leads_to_the_viewer_of_its_archive() -> None:
    assert link() == "https://viewer.example/view?StudyInstanceUIDs=1.2.3&x=1"


@pytest.mark.parametrize(
    "elements",
    [
        {"endpoint": [{"reference": "Endpoint/other"}]},
        {"endpoint": []},
        {"identifier": []},
        {"identifier": [{"system": "urn:dicom:uid", "value": "urn:oid:1.2&evil=1"}]},
        {"status": "entered-in-error"},
    ],
)
def test_what_cannot_be_shown_leads_nowhere(elements: dict[str, Any]) -> None:
    assert link(**elements) == ""
