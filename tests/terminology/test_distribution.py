"""LOINC and SNOMED CT in the layouts of their distributions, with made-up content (R4 loinc.html, snomedct.html)."""

from __future__ import annotations

from pathlib import Path
from zipfile import ZipFile

import pytest

from hub.kernel.errors import Category, HubError
from terminology.distribution import distribution
from terminology.expansion import Wish
from terminology.model import Coding
from tests.terminology.house import House, in_house

TABLE = """LOINC_NUM,COMPONENT,PROPERTY,TIME_ASPCT,SYSTEM,SCALE_TYP,METHOD_TYP,CLASS,STATUS,SHORTNAME,LONG_COMMON_NAME
10001-1,Fictose,SCnc,Pt,Bld,Qn,,CHEM,ACTIVE,Fict Bld,"Fictose [Moles/volume] in Blood, made up"
10002-2,Fictose,MCnc,Pt,Bld,Qn,,CHEM,DEPRECATED,,Fictose [Mass/volume] in Blood
"""
HIERARCHY = """PATH_TO_ROOT,SEQUENCE,IMMEDIATE_PARENT,CODE,CODE_TEXT
,1,,LP1-1,Chemistry
LP1-1,1,LP1-1,LP2-2,Fictose
LP1-1,2,LP1-1,LP3-3,Sugars
LP1-1.LP2-2,1,LP2-2,10001-1,Fictose Bld
LP1-1.LP3-3,1,LP3-3,10001-1,Fictose Bld
LP1-1.LP2-2,2,LP2-2,10002-2,Fictose Bld
"""
CHINESE = """ID,LOINC_NUM,COMPONENT,PROPERTY,TIME_ASPCT,SYSTEM,SCALE_TYP,METHOD_TYP,LONG_COMMON_NAME
5,10001-1,虚构糖,物质浓度,时间点,全血,定量型,,
"""
LOINC_FILES = {
    "LoincTable/Loinc.csv": TABLE,
    "AccessoryFiles/ComponentHierarchyBySystem/ComponentHierarchyBySystem.csv": HIERARCHY,
    "AccessoryFiles/LinguisticVariants/zhCN5LinguisticVariant.csv": CHINESE,
}


def tabbed(*rows: str) -> str:
    return "".join(row.replace(" | ", "\t") + "\r\n" for row in rows)


TOP, SICK, KIND, RETIRED, SITE, PLACE = "138875005", "1001", "1002", "1003", "1004", "1005"
SNOMED_FILES = {
    "Snapshot/Terminology/sct2_Concept_Snapshot_INT_20240101.txt": tabbed(
        "id | effectiveTime | active | moduleId | definitionStatusId",
        *(f"{code} | 20240101 | 1 | 900000000000207008 | 900000000000074008" for code in (SICK, TOP, SITE, PLACE)),
        f"{KIND} | 20240101 | 1 | 900000000000207008 | 900000000000073002",
        f"{RETIRED} | 20240101 | 0 | 900000000000207008 | 900000000000074008",
    ),
    "Snapshot/Terminology/sct2_Description_Snapshot-en_INT_20240101.txt": tabbed(
        "id | effectiveTime | active | moduleId | conceptId | languageCode | typeId | term | caseSignificanceId",
        f"1 | 20240101 | 1 | m | {KIND} | en | 900000000000003001 | Fictitis of ear (disorder) | c",
        f'2 | 20240101 | 1 | m | {KIND} | en | 900000000000013009 | Ear "fictitis" | c',
        f"3 | 20240101 | 1 | m | {KIND} | en | 900000000000013009 | Fictitis, aural | c",
        f"4 | 20240101 | 0 | m | {KIND} | en | 900000000000013009 | Wrong | c",
        f"5 | 20240101 | 1 | m | {SICK} | en | 900000000000003001 | Fictitis (disorder) | c",
    ),
    "Snapshot/Terminology/sct2_Description_Snapshot-zh_INT_20240101.txt": tabbed(
        "id | effectiveTime | active | moduleId | conceptId | languageCode | typeId | term | caseSignificanceId",
        f"9 | 20240101 | 1 | m | {KIND} | zh | 900000000000013009 | 虚构耳炎 | c",
    ),
    "Snapshot/Terminology/sct2_Relationship_Snapshot_INT_20240101.txt": tabbed(
        "id | effectiveTime | active | moduleId | sourceId | destinationId | group | typeId | c | modifierId",
        f"1 | 20240101 | 1 | m | {SICK} | {TOP} | 0 | 116680003 | c | x",
        f"2 | 20240101 | 1 | m | {KIND} | {SICK} | 0 | 116680003 | c | x",
        f"3 | 20240101 | 1 | m | {KIND} | {PLACE} | 1 | {SITE} | c | x",
        f"4 | 20240101 | 0 | m | {RETIRED} | {SICK} | 0 | 116680003 | c | x",
    ),
    "Snapshot/Refset/Language/der2_cRefset_LanguageSnapshot-en_INT_20240101.txt": tabbed(
        "id | effectiveTime | active | moduleId | refsetId | referencedComponentId | acceptabilityId",
        "a | 20240101 | 1 | m | 900000000000509007 | 3 | 900000000000548007",
        "b | 20240101 | 1 | m | 900000000000509007 | 2 | 900000000000549004",
    ),
}


def packed(folder: Path, name: str, files: dict[str, str]) -> Path:
    path = folder / name
    with ZipFile(path, "w") as archive:
        for inner, text in files.items():
            archive.writestr(f"{path.stem}/{inner}", text)
    return path


def unpacked(folder: Path, files: dict[str, str]) -> Path:
    for inner, text in files.items():
        path = folder / inner
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8", newline="")
    return folder


def told(path: Path, version: str = "") -> tuple[list[object], list[object]]:
    with distribution(path, version) as source:
        return list(source.links()), list(source.concepts())


def test_loinc_is_read_with_its_hierarchy_its_properties_and_chinese_names(database_url: str, tmp_path: Path) -> None:
    path = packed(tmp_path, "Loinc_2.77.zip", LOINC_FILES)
    assert told(path) == told(unpacked(tmp_path / "open", LOINC_FILES), "2.77")

    async def visit(home: House) -> None:
        with distribution(path) as source:
            assert (await home.loader.code_system(source)).total == 5
        home.terms.catalogues.forget()
        edition, found = await home.terms.concept(Coding("http://loinc.org", "10001-1"))
        assert (edition.version, edition.whole) == ("2.77", True)
        assert (found.display, found.named("zh-CN")) == (
            "Fictose [Moles/volume] in Blood, made up",
            "虚构糖:物质浓度:时间点:全血:定量型",
        )
        looked = await home.terms.lookup(Coding("http://loinc.org", "10001-1"), around=True)
        assert [one.code for one in looked.parents] == ["LP2-2", "LP3-3"]
        assert await home.terms.subsumes("http://loinc.org", "LP1-1", "10002-2") == "subsumes"
        weighed = {"system": "http://loinc.org", "filter": [{"property": "PROPERTY", "op": "=", "value": "MCnc"}]}
        page = await home.terms.expand(Wish(value_set={"compose": {"include": [weighed]}}))
        assert [(one["code"], one["inactive"]) for one in page.contains] == [("10002-2", True)]
        page = await home.terms.expand(Wish(url="http://loinc.org/vs", text="xgt"))
        assert [one["code"] for one in page.contains] == ["10001-1"]

    in_house(database_url, visit)


def test_snomed_ct_is_read_from_a_snapshot(database_url: str, tmp_path: Path) -> None:
    path, system = packed(tmp_path, "SnomedCT_Fictional.zip", SNOMED_FILES), "http://snomed.info/sct"
    assert told(path) == told(unpacked(tmp_path / "open", SNOMED_FILES))

    async def visit(home: House) -> None:
        with distribution(path) as source:
            assert (await home.loader.code_system(source)).total == 6
        home.terms.catalogues.forget()
        edition, found = await home.terms.concept(Coding(system, KIND))
        assert edition.version == f"{system}/900000000000207008/version/20240101"
        assert (found.display, found.named("zh")) == ("Fictitis, aural", "虚构耳炎")
        assert (await home.terms.concept(Coding(system, SICK)))[1].display == "Fictitis (disorder)"
        assert (await home.terms.concept(Coding(system, RETIRED)))[1].inactive
        assert await home.terms.subsumes(system, TOP, KIND) == "subsumes"
        page = await home.terms.expand(Wish(url=f"{system}?fhir_vs=isa/{SICK}"))
        assert [one["code"] for one in page.contains] == [SICK, KIND]
        for prop, value in ((SITE, PLACE), ("sufficientlyDefined", "true")):
            filters = [{"property": prop, "op": "=", "value": value}]
            page = await home.terms.expand(
                Wish(value_set={"compose": {"include": [{"system": system, "filter": filters}]}})
            )
            assert [one["code"] for one in page.contains] == [KIND]

    in_house(database_url, visit)


@pytest.mark.parametrize(
    ("files", "name", "category"),
    [
        ({"readme.txt": "x"}, "a.zip", Category.UNSUPPORTED),
        ({"LoincTable/Loinc.csv": TABLE}, "a.zip", Category.INVALID),
        ({"Snapshot/Terminology/sct2_Concept_Snapshot_INT_20240101.txt": "id\r\n"}, "a.zip", Category.NOT_FOUND),
    ],
)
def test_what_is_no_distribution_is_refused(
    tmp_path: Path, files: dict[str, str], name: str, category: Category
) -> None:
    with pytest.raises(HubError) as refusal, distribution(packed(tmp_path, name, files)):
        pass
    assert refusal.value.category is category


CONCEPT_FILE, DESCRIPTION_FILE, _, RELATION_FILE, _ = SNOMED_FILES


@pytest.mark.parametrize(
    ("files", "changed", "text", "category", "told"),
    [
        (LOINC_FILES, "LoincTable/Loinc.csv", "A,B\n1,2\n", Category.INVALID, "no column LOINC_NUM"),
        (LOINC_FILES, "LoincTable/Loinc.csv", TABLE + "1-8\n", Category.UNREADABLE, "width"),
        (LOINC_FILES, "LoincTable/Loinc.csv", TABLE + '1-8,"x\n', Category.UNREADABLE, "no CSV"),
        (LOINC_FILES, list(LOINC_FILES)[1], "A\n", Category.INVALID, "no column CODE"),
        (SNOMED_FILES, CONCEPT_FILE, "id\r\n1\r\n", Category.INVALID, "no column active"),
        (SNOMED_FILES, CONCEPT_FILE, SNOMED_FILES[CONCEPT_FILE] * 2, Category.INVALID, "twice"),
        (SNOMED_FILES, RELATION_FILE, SNOMED_FILES[RELATION_FILE] + "9\r\n", Category.UNREADABLE, "width"),
        (
            *(SNOMED_FILES, DESCRIPTION_FILE),
            SNOMED_FILES[DESCRIPTION_FILE].replace(KIND, "ear"),
            *(Category.INVALID, "an id that is no number"),
        ),
    ],
)
def test_a_file_of_a_distribution_that_is_another_is_refused_by_its_name(
    tmp_path: Path, files: dict[str, str], changed: str, text: str, category: Category, told: str
) -> None:
    path = packed(tmp_path, "Loinc_2.77.zip", {**files, changed: text})
    with pytest.raises(HubError, match=told) as refusal, distribution(path) as source:
        list(source.links())
    assert refusal.value.category is category
    assert ".csv" in refusal.value.where or ".txt" in refusal.value.where


def test_a_file_that_is_no_zip_and_one_that_is_not_there_are_told(tmp_path: Path) -> None:
    broken = tmp_path / "a.zip"
    broken.write_text("x")
    for path, category in ((broken, Category.UNREADABLE), (tmp_path / "none.zip", Category.NOT_FOUND)):
        with pytest.raises(HubError) as refusal, distribution(path):
            pass
        assert refusal.value.category is category
