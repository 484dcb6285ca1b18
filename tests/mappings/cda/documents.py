"""Documents made for tests: fictional people, the shapes vendors send; and how a test reads what they became."""

from __future__ import annotations

from collections.abc import Sequence

from hub.fhir.json import dumps, loads
from hub.kernel.types import Json
from mappings.cda.convert import convert
from tests.mappings.cda.recall import resources

BASE = "https://yilian-hub.example/fhir"
DE = 'codeSystem="2.16.156.10011.2.2.1" codeSystemName="卫生信息数据元目录"'
XMLNS = 'xmlns="urn:hl7-org:v3" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'
PATIENT = """<recordTarget><patientRole>
<id root="2.16.156.10011.1.2" extension="99012200310300099"/>
<telecom value="0990-5550101"/>
<patient><id root="2.16.156.10011.1.3" extension="99012219600101001X"/><name>测试甲</name>
<administrativeGenderCode code="2" codeSystem="2.16.156.10011.2.3.3.4"/><birthTime value="19600101"/></patient>
</patientRole></recordTarget>"""
CUSTODIAN = """<custodian><assignedCustodian><representedCustodianOrganization>
<id root="2.16.156.10011.1.5" extension="990122000000000010099"/><name>测试卫生院</name>
</representedCustodianOrganization></assignedCustodian></custodian>"""


def observation(code: str, name: str, value: str, *, inner: str = "", attributes: str = "") -> str:
    """An observation by data element; `value` is the whole element."""
    return (
        f'<observation classCode="OBS" moodCode="EVN"{attributes}>'
        f'<code code="{code}" displayName="{name}" {DE}/>{value}{inner}</observation>'
    )


def pq(value: str, unit: str) -> str:
    return f'<value xsi:type="PQ" value="{value}" unit="{unit}"/>'


def cd(code: str, system: str, name: str = "") -> str:
    return f'<value xsi:type="CD" code="{code}" codeSystem="{system}" displayName="{name}"/>'


def section(code: str, name: str, statements: Sequence[str] = (), *, more: str = "") -> str:
    """A section as a component; each statement in an entry."""
    system = ' codeSystem="2.16.840.1.113883.6.1"' if code else ""
    coded = f'<code code="{code}" displayName="{name}"{system}/>' if code else f'<code displayName="{name}"/>'
    entries = "".join(f"<entry>{each}</entry>" for each in statements)
    return f"<component><section>{coded}{more}{entries}</section></component>"


def document(*sections: str, code: str = "HSDB04.01", header: str = PATIENT, more: str = "") -> str:
    """A document without XML declaration."""
    return (
        f'<ClinicalDocument {XMLNS}><id root="2.16.156.10011.1.1" extension="D1"/>'
        f'<code code="{code}" codeSystem="2.16.156.10011.2.4"/><title>测试文档</title>'
        f'<effectiveTime value="20260301"/><confidentialityCode code="N"/>{header}{CUSTODIAN}{more}'
        f"<component><structuredBody>{''.join(sections)}</structuredBody></component></ClinicalDocument>"
    )


def converted(text: str | bytes) -> Json:
    """The row of a document, as a reader of the JSON line sees it."""
    (row,) = convert("a.xml", text if isinstance(text, bytes) else text.encode(), BASE)
    found: Json = loads(dumps(row))
    return found


def made(text: str | bytes, *types: str) -> list[Json]:
    """The resources of some types that a document becomes."""
    row = converted(text)
    assert row["bundle"] is not None, row["issues"]
    return resources(row["bundle"], *types)
