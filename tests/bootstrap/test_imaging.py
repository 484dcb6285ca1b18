"""An archive of the consortium is the same to those who index it and to those who fetch from it."""

from __future__ import annotations

import asyncio
import io
from pathlib import Path

import pytest

from hub.bootstrap.feeds import translators
from hub.bootstrap.foundation import Foundation
from hub.bootstrap.imaging import archives_of, sources
from hub.fhir.validate import validate
from hub.kernel.errors import HubError
from hub.kernel.log import Log
from hub.kernel.settings import Settings
from tests.mappings.dicom import objects

CONSORTIUM = """
facilities:
  - {code: F01, name: 云泽县人民医院}
feeds:
  - {name: F01-images, facility: F01, transport: http, format: dicom, archive: F01-pacs}
archives:
  - {name: F01-pacs, facility: F01, dicomweb: "http://127.0.0.1:9/dicom-web", credential: pacs.txt}
"""


def foundation(folder: Path) -> Foundation:
    config = folder / "consortium.yaml"
    config.write_text(CONSORTIUM, encoding="utf-8")
    settings = Settings.load({}, data_dir=folder, config=config, base_url="https://hub.example/fhir")
    return Foundation(settings, Log("test", stream=io.StringIO()))


def test_a_study_names_the_place_it_is_fetched_from(tmp_path: Path) -> None:
    (tmp_path / "pacs.txt").write_text("Basic eDp5\n", encoding="ascii")
    hub = foundation(tmp_path)
    archives = archives_of(hub.consortium)
    (source,) = sources(hub, archives).values()
    for archive in archives.values():
        asyncio.run(archive.close())
    translate = translators(
        hub.consortium, hub.keys.id_secret, hub.settings.canonical_base, lambda _: (), hub.settings.base_url
    )
    drafts = {each.resource["resourceType"]: each.resource for each in translate["F01-images"](OBJECT).drafts}
    assert drafts["ImagingStudy"]["id"] == source.study_id(objects.STUDY)
    at = [{"reference": f"Endpoint/{source.endpoint}"}, {"reference": "#wado"}]
    assert drafts["ImagingStudy"]["endpoint"] == at
    (within,) = drafts["ImagingStudy"]["contained"]
    assert (within["address"], within["status"]) == (source.base, "active")
    assert validate(drafts["ImagingStudy"]) == []
    assert drafts["Endpoint"]["address"] == source.base == "https://hub.example/dicom-web/F01-pacs"
    assert drafts["Endpoint"]["status"] == "active"
    assert drafts["Endpoint"]["extension"][0]["valueBoolean"] is True


OBJECT = objects.part_10(objects.dataset())


@pytest.mark.parametrize("content", ["", "Basic a\nX-More: b", "中"])
def test_a_credential_is_one_line_or_the_hub_does_not_start(tmp_path: Path, content: str) -> None:
    (tmp_path / "pacs.txt").write_text(content, encoding="utf-8")
    with pytest.raises(HubError) as refused:
        archives_of(foundation(tmp_path).consortium)
    assert "credential" in refused.value.where
