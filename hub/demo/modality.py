"""Sends DICOM objects to a feed, as a modality does: by DCMTK's storescu where it is on the machine, else by itself."""

from __future__ import annotations

import asyncio
import io
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from hub.kernel.errors import Category, HubError

#: The calling AE title.
TITLE: Final = "DR01"
_SUCCESS: Final = 0x0000


async def store(files: Sequence[bytes], port: int) -> int:
    """Send the files to the application entity on a port of this machine; how many. Raises HubError UNAVAILABLE."""
    program = _dcmtk()
    stored = await (_by_dcmtk(program, files, port) if program else asyncio.to_thread(_by_ourselves, files, port))
    if not stored:
        raise HubError(Category.UNAVAILABLE, "not all images were taken", where="F01-pacs", todo="see the hub's log")
    return len(files)


def _dcmtk() -> str | None:
    """DCMTK's storescu, beside a program that only DCMTK has: pynetdicom brings another of that name."""
    beside = shutil.which("dcmodify")
    program = Path(beside).with_name("storescu") if beside else None
    return str(program) if program and program.is_file() else None


async def _by_dcmtk(program: str, files: Sequence[bytes], port: int) -> bool:
    with tempfile.TemporaryDirectory(prefix="yilian-dicom-") as folder:
        for number, file in enumerate(files):
            (Path(folder) / f"{number}.dcm").write_bytes(file)
        child = await asyncio.create_subprocess_exec(
            program,
            *("-aet", TITLE, "+sd", "127.0.0.1", str(port), folder),
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
        )
        return await child.wait() == 0


def _by_ourselves(files: Sequence[bytes], port: int) -> bool:
    from pydicom import dcmread
    from pynetdicom import AE

    found = [dcmread(io.BytesIO(file)) for file in files]
    entity = AE(TITLE)
    for each in {one.SOPClassUID for one in found}:
        entity.add_requested_context(each, found[0].file_meta.TransferSyntaxUID)
    association = entity.associate("127.0.0.1", port)
    try:
        return association.is_established and all(association.send_c_store(one).Status == _SUCCESS for one in found)
    finally:
        association.release()
