"""Loading, cut-off loads, versions side by side, and what readers see meanwhile."""

from __future__ import annotations

import asyncio
import io
import json
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from hub.kernel.errors import Category, HubError
from terminology import catalogue, fhir_source
from terminology.catalogue import Catalogues
from terminology.csv_map import map_of_csv
from terminology.csv_source import CsvSource
from terminology.fhir_source import ResourceSource, resources, unparsed
from terminology.loading import Loader
from terminology.model import CODE_SYSTEM, Coding, Concept
from terminology.service import Terminology
from terminology.shelf import WHOLE
from terminology.soundness import refuse_unsound
from tests.terminology.house import DISEASES, WHEN, House, code_system, diseases, in_house, prop, value_set


class Breaking(ResourceSource):
    """A source that breaks off behind some concepts, as long as it shall."""

    until = 3

    def concepts(self) -> Iterator[Concept]:
        for at, concept in enumerate(super().concepts()):
            if at == self.until:
                raise OSError
            yield concept


def test_a_load_that_was_cut_off_goes_on_behind_the_last_batch_and_was_never_seen(database_url: str) -> None:
    async def visit(home: House) -> None:
        loader = Loader(home.database, lambda: WHEN, batch=2)
        source, seen = Breaking(diseases()), list[int]()
        with pytest.raises(OSError):
            await loader.code_system(source)
        with pytest.raises(HubError):
            await home.terms.lookup(Coding(DISEASES, "I10"))
        source.until = 99
        assert (await loader.code_system(source, progress=lambda done, _: seen.append(done))).total == 6
        home.terms.catalogues.forget()
        assert seen == [4, 6]
        assert (await home.terms.subsumes(DISEASES, "C", "I10.1")) == "subsumes"
        with pytest.raises(HubError) as refusal:
            await loader.code_system(source)
        assert refusal.value.category is Category.CONFLICT

    in_house(database_url, visit)


def test_other_content_under_the_version_of_a_load_that_was_cut_off_begins_anew(database_url: str) -> None:
    async def visit(home: House) -> None:
        loader = Loader(home.database, lambda: WHEN, batch=1)
        with pytest.raises(OSError):
            await loader.code_system(Breaking(diseases()))
        assert (await loader.code_system(ResourceSource(code_system({"code": "x"})))).total == 1

    in_house(database_url, visit)


def test_readers_see_one_version_or_the_other_while_a_newer_one_is_loaded_switched_and_dropped(
    database_url: str,
) -> None:
    async def visit(home: House) -> None:
        more = [{"code": f"N{n}"} for n in range(WHOLE)]
        newer = code_system({"code": "I10", "display": "新"}, {"code": "C"}, {"code": "E"}, *more, version="2")
        await home.load(diseases())
        seen: set[tuple[str, int]] = set()
        done = asyncio.Event()
        looks = [0, 0]

        async def read(reader: int) -> None:
            terms = Terminology(home.database, Catalogues(home.database, clock=Always()))
            while not done.is_set():
                looked = await terms.lookup(Coding(DISEASES, "I10"), around=True)
                seen.add((looked.concept.display, len(looked.parents)))
                looks[reader] += 1

        async def looked_since() -> None:
            """Return when no reader is at a look that it began before."""
            before = list(looks)
            while any(now < then + 2 for now, then in zip(looks, before, strict=True)):
                await asyncio.sleep(0.001)

        async def upgrade_and_roll_back() -> None:
            await home.load(newer, current=False)
            for version in "212121":
                async with home.database.transaction() as tx:
                    await catalogue.use(tx, CODE_SYSTEM, DISEASES, version)
                await looked_since()
            async with home.database.transaction() as tx:
                await catalogue.drop(tx, CODE_SYSTEM, DISEASES, "2")
            await home.load(newer)
            await looked_since()
            done.set()

        await asyncio.gather(read(0), read(1), upgrade_and_roll_back())
        assert seen == {("原发性高血压", 1), ("新", 0)}
        assert (await home.terms.lookup(Coding(DISEASES, "I10"), "1")).concept.display == "原发性高血压"
        async with home.database.transaction() as tx:
            with pytest.raises(HubError, match="current"):
                await catalogue.drop(tx, CODE_SYSTEM, DISEASES, "2")
            await catalogue.drop(tx, CODE_SYSTEM, DISEASES, "1")
            with pytest.raises(HubError):
                await catalogue.use(tx, CODE_SYSTEM, DISEASES, "1")
            await catalogue.withdraw(tx, CODE_SYSTEM, DISEASES)
        home.terms.catalogues.forget()
        with pytest.raises(HubError):
            await home.terms.lookup(Coding(DISEASES, "I10"))

    in_house(database_url, visit)


def test_who_waits_before_a_version_is_dropped_leaves_no_reader_without_one(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(catalogue, "_RESTS", 0.2)

    async def visit(home: House) -> None:
        await home.load(diseases())
        await home.load(diseases(version="2"), current=False)
        terms = Terminology(home.database, Catalogues(home.database))
        assert (await terms.concept(Coding(DISEASES, "I10")))[0].version == "1"
        async with home.database.transaction() as tx:
            await catalogue.use(tx, CODE_SYSTEM, DISEASES, "2")
        await catalogue.known_everywhere()
        async with home.database.transaction() as tx:
            await catalogue.drop(tx, CODE_SYSTEM, DISEASES, "1")
        assert (await terms.concept(Coding(DISEASES, "E11")))[0].version == "2"

    in_house(database_url, visit)


class Always:
    """A clock that is always a second on: nothing read is held."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        self.now += 2
        return self.now


def test_a_text_that_no_database_keeps_is_refused_as_what_the_source_is_to_mend(
    database_url: str, tmp_path: Path
) -> None:
    async def visit(home: House) -> None:
        for name in ("code", "display"):
            with pytest.raises(HubError) as refusal:
                await home.load(code_system({"code": "x", name: "a\0b"}))
            assert refusal.value.category is Category.INVALID
        path = tmp_path / "a.csv"
        path.write_bytes(b"code\nA\0\n")
        with pytest.raises(HubError) as refusal:
            list(CsvSource(path, {"url": "urn:x"}, {"code": "code"}).links())
        assert refusal.value.category is Category.UNREADABLE

    in_house(database_url, visit)


def test_csv_is_read_by_a_column_map(tmp_path: Path) -> None:
    path = tmp_path / "icd.csv"
    path.write_text("编码,名称,上级,停用,章\nI10,高血压,C|E,是,IX\n,空,,,\n", encoding="gb18030")
    columns = {"code": "编码", "display": "名称", "parent": "上级", "inactive": "停用", "property.chapter": "章"}
    source = CsvSource(path, {"url": "urn:x"}, columns, encoding="gb18030")
    (concept,) = source.concepts()
    assert list(source.links()) == [("I10", ("C", "E"))]
    assert (concept.code, concept.display, concept.inactive, concept.facts) == (
        "I10",
        "高血压",
        True,
        (("chapter", "IX"),),
    )
    before = source.digest
    path.write_text("编码,名称,上级,停用,章\n", encoding="gb18030")
    assert source.digest != before


@pytest.mark.parametrize(
    ("columns", "told"), [({"code": "none"}, "no column none"), ({"kode": "a"}, "no part"), ({"display": "a"}, "code")]
)
def test_a_column_map_that_does_not_fit_is_refused_by_name(tmp_path: Path, columns: dict[str, str], told: str) -> None:
    (tmp_path / "a.csv").write_text("a,b\n")
    with pytest.raises(HubError, match=told):
        CsvSource(tmp_path / "a.csv", {"url": "urn:x"}, columns)


@pytest.mark.parametrize(
    ("text", "category", "where", "told"),
    [
        ('a,b\n\nx,"y\nz,z\n', Category.UNREADABLE, ": behind line 1", "quotes"),
        ('a,b\nx,y\nz,"z" z\n', Category.UNREADABLE, ": behind line 2", "quotes"),
        ("a,b\nx,y\n\nz,高血压,原发性\n", Category.INVALID, ": line 4", "more cells than the header"),
    ],
)
def test_rows_that_cannot_be_what_was_meant_are_refused_with_their_line(
    tmp_path: Path, text: str, category: Category, where: str, told: str
) -> None:
    path = tmp_path / "a.csv"
    path.write_text(text, encoding="utf-8")
    source = CsvSource(path, {"url": "urn:x"}, {"code": "a", "display": "b"})
    with pytest.raises(HubError, match=told) as refusal:
        list(source.concepts())
    assert (refusal.value.category, refusal.value.where) == (category, f"{path}{where}")


def test_rows_may_be_short_or_have_blank_cells_behind_the_header(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("\ufeffa , b\nx\n\ny,z,,\n", encoding="utf-8")
    source = CsvSource(path, {"url": "urn:x"}, {"code": "a", "display": "b"})
    assert [(one.code, one.display) for one in source.concepts()] == [("x", ""), ("y", "z")]


def test_a_column_that_stands_twice_is_refused_if_it_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("a,b,b\n")
    CsvSource(tmp_path / "a.csv", {"url": "urn:x"}, {"code": "a"})
    with pytest.raises(HubError, match="column b twice"):
        CsvSource(tmp_path / "a.csv", {"url": "urn:x"}, {"code": "a", "display": "b"})


def test_a_concept_map_is_read_from_csv_too(tmp_path: Path) -> None:
    path = tmp_path / "drugs.csv"
    path.write_text("院内码,医保码,名称\nM001,XA10,二甲双胍\nM001,XA11,\nM002,,自制\n,XA12,\n", encoding="gb18030")
    columns = {"source": "院内码", "target": "医保码", "display": "名称"}
    made = map_of_csv(path, {"url": "urn:m"}, columns, ("urn:a", "urn:b"), encoding="gb18030")
    assert made["group"][0]["element"] == [
        {
            "code": "M001",
            "target": [
                {"code": "XA10", "display": "二甲双胍", "equivalence": "equivalent"},
                {"code": "XA11", "equivalence": "equivalent"},
            ],
        },
        {"code": "M002", "target": [{"equivalence": "unmatched"}]},
    ]
    for wrong in ({"source": "院内码"}, {**columns, "colour": "名称"}, {**columns, "equivalence": "名称"}):
        with pytest.raises(HubError):
            map_of_csv(path, {}, wrong, ("urn:a", "urn:b"), encoding="gb18030")


def test_files_of_fhir_give_the_resources_of_terminology_and_no_others(tmp_path: Path) -> None:
    told: list[Any] = [diseases(), value_set("urn:v"), {"resourceType": "StructureDefinition", "url": "urn:s"}]
    bundle = tmp_path / "a.json"
    bundle.write_text(json.dumps({"resourceType": "Bundle", "entry": [{"resource": one} for one in told]}))
    lines = tmp_path / "a.ndjson"
    lines.write_text("\n".join(map(json.dumps, told)) + "\n")
    package = tmp_path / "a.tgz"
    with tarfile.open(package, "w:gz") as archive:
        for name in ("package/a.json", "package/package.json", "package/examples/b.json"):
            content = json.dumps(told[0]).encode()
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    assert [list(resources(path)) for path in (bundle, lines, package)] == [told[:2], told[:2], told[:1]]
    lines.write_text(json.dumps(told[0]) + "\n\n{\n")
    with pytest.raises(HubError) as refusal:
        list(resources(lines))
    assert (refusal.value.category, refusal.value.where) == (Category.UNREADABLE, f"{lines}: line 3, end of the text")


def test_a_large_code_system_is_read_as_a_small_one_is_and_its_concepts_stay_bytes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.json"
    below = {"code": "top", "concept": [{"code": "in", "concept": [{"code": "most"}]}, {"code": "next"}]}
    path.write_text(json.dumps(code_system(below, {"code": "上", "property": [prop("child", "top")]}, title="x")))
    (small,) = resources(path)
    monkeypatch.setattr(fhir_source, "LARGE", 0)
    (large,) = resources(path)
    assert (len(unparsed(small)), len(unparsed(large))) == (0, 2)
    told = [(one.head, list(one.links()), list(one.concepts())) for one in map(ResourceSource, (small, large))]
    assert told[0] == told[1]
    assert ResourceSource(large).digest == ResourceSource(next(resources(path))).digest
    refuse_unsound(large)
    for wrong in ({"code": 5}, {"code": "a", "concept": [{"code": "b", "display": "\0"}]}, "x"):
        path.write_text(json.dumps(code_system({"code": "good"}, wrong)))  # type: ignore[arg-type]
        with pytest.raises(HubError) as refusal:
            refuse_unsound(next(resources(path)))
        assert refusal.value.category is Category.INVALID
    for other in (value_set("urn:v"), code_system() | {"concept": "x"}, [1]):
        path.write_text(json.dumps(other))
        if isinstance(other, list):
            with pytest.raises(HubError, match="not JSON of FHIR"):
                list(resources(path))
        else:
            assert list(resources(path)) == [other]


def test_codes_that_differ_in_case_alone_are_refused_where_case_does_not_count(database_url: str) -> None:
    async def visit(home: House) -> None:
        alike = code_system({"code": "mg"}, {"code": "MG"}, caseSensitive=False)
        with pytest.raises(HubError, match="upper and lower case") as refusal:
            await home.load(alike)
        assert refusal.value.category is Category.INVALID
        await home.load(alike | {"caseSensitive": True})

    in_house(database_url, visit)
