"""Which paths reach an archive, and in what shape."""

from __future__ import annotations

import pytest

from hub.api.imaging.retrieval import asked, parameters, retrieval
from hub.kernel.errors import HubError

STUDY = "studies/1.2.3"
INSTANCE = f"{STUDY}/series/1.2.3.4/instances/1.2.3.4.5"


@pytest.mark.parametrize(
    ("path", "form"),
    [
        (STUDY, "objects"),
        (f"{STUDY}/series/1.2.3.4", "objects"),
        (INSTANCE, "objects"),
        (f"{STUDY}/metadata", "metadata"),
        (f"{INSTANCE}/metadata", "metadata"),
        (f"{INSTANCE}/frames/1,2,30", "other"),
        (f"{INSTANCE}/frames/1/rendered", "other"),
        (f"{STUDY}/thumbnail", "other"),
        (f"{INSTANCE}/bulk/7fe00010", "other"),
        (f"{STUDY}/instances/1.2.3.4.5/bulkdata/a/1", "other"),
    ],
)
def test_what_wado_rs_knows_is_fetched_by_the_same_path(path: str, form: str) -> None:
    found = retrieval(path)
    assert found is not None
    assert (found.study, found.path, found.form) == ("1.2.3", path, form)


@pytest.mark.parametrize(
    "path",
    [
        "",
        "studies",
        f"{STUDY}/",
        "studies/1.2.3%2f..",
        "studies/../../admin",
        "studies/" + "1." * 32 + "1",
        "studies/1..2",
        "studies/１.2",
        f"{STUDY}/series/1.2.3.4/../../../patients",
        f"{STUDY}\n",
        f"{INSTANCE}/frames/0x1",
        f"{INSTANCE}/frames/1/metadata",
        f"{INSTANCE}/bulk/..",
        f"{INSTANCE}/bulk/../../../x",
        f"{INSTANCE}/bulk//x",
        f"{STUDY}/zip",
        "patients",
        "../instances",
    ],
)
def test_nothing_else_reaches_an_archive(path: str) -> None:
    assert retrieval(path) is None


def test_only_parameters_of_images_go_to_the_archive() -> None:
    pairs = [("viewport", "128,128"), ("quality", "80")]
    assert parameters(pairs) == pairs
    assert asked(STUDY, pairs) == f"{STUDY}?viewport=128%2C128&quality=80"
    for name, value in (("PatientID", "1"), ("quality", "80\r\nx: y"), ("window", "")):
        with pytest.raises(HubError) as refused:
            parameters([(name, value)])
        assert refused.value.code == "unknown-parameter"
