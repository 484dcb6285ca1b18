"""The report of who did what with a record: a patient's own, and any one's for the auditor."""

from __future__ import annotations

import json
from pathlib import Path

from hub.audit import verify
from hub.auth.accounts import Account
from tests.audit.trees import keys_file, sequencer
from tests.portal.house import DOCTOR, PASSWORD, PATIENT, PERSON, House, in_house

AUDITOR = Account(
    name="shen-ji", role="auditor", organization="ALLIANCE", practitioner="shen-ji", patient=None, display="沈稽"
)


def test_a_patient_reads_who_did_what_and_takes_the_proofs_along(database_url: str, tmp_path: Path) -> None:
    async def visit(home: House) -> None:
        await home.sign_in(DOCTOR)
        await home.get(f"/record/{PERSON}")
        await home.sign_in(PATIENT)
        assert "还没有第一个签名" in (await home.get("/looked/report")).text
        await sequencer(home.database).turn()
        page = await home.get("/looked/report")
        assert page.status_code == 200
        assert "白若溪" in page.text
        assert "依据：" in page.text
        assert 'name="patient"' not in page.text
        file = await home.get("/looked/report/file?from=2026-05-01&to=2026-05-20&patient=somebody")
        assert "attachment" in file.headers["content-disposition"]
        assert set(json.loads(file.text)["patients"]) >= {PATIENT.patient}
        kept = tmp_path / "report.json"
        kept.write_bytes(file.content)
        assert "are as the checkpoint" in verify.verify(kept, keys_file(tmp_path))

    in_house(database_url, visit)


def test_an_auditor_begins_here_and_names_a_patient(database_url: str) -> None:
    async def visit(home: House) -> None:
        await home.sign_in(DOCTOR)
        await home.get(f"/record/{PERSON}")
        await sequencer(home.database).turn()
        await home.accounts.add(AUDITOR, PASSWORD)
        await home.sign_in(AUDITOR)
        assert (await home.get("/")).headers["location"] == "/looked/report"
        form = await home.get("/looked/report")
        assert (form.status_code, 'name="patient"' in form.text, "白若溪" in form.text) == (200, True, False)
        wrong = await home.get("/looked/report?from=2026-05-01&to=never&patient=x")
        assert (wrong.status_code, "请填写" in wrong.text) == (422, True)
        told = await home.get(f"/looked/report?from=2026-05-01&to=2026-05-20&patient={PERSON}")
        assert "白若溪" in told.text
        assert (await home.get(f"/record/{PERSON}")).status_code in {403, 404}

    in_house(database_url, visit)


def test_a_doctor_has_no_report(database_url: str) -> None:
    async def visit(home: House) -> None:
        await home.sign_in(DOCTOR)
        assert (await home.get("/looked/report")).status_code == 403
        assert (await home.get("/looked/report/file")).status_code == 403

    in_house(database_url, visit)
