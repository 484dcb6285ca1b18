"""A small consortium for tests: a hospital with a ward of its own, a clinic, a laboratory."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

from hub.kernel.consortium import Consortium, Facility

NOW: Final = datetime(2026, 5, 20, 1, 0, tzinfo=UTC)

_FACILITIES: Final = (
    Facility(code="ALLIANCE", name="云泽县医共体"),
    Facility(code="F01", name="云泽县人民医院", part_of="ALLIANCE"),
    Facility(code="F01-ICU", name="重症医学科", part_of="F01", legal_entity=False),
    Facility(code="F03", name="云泽县检验中心", part_of="ALLIANCE"),
    Facility(code="F05", name="石桥社区卫生服务中心", part_of="ALLIANCE"),
)

CONSORTIUM: Final = Consortium(name="云泽县医共体", facilities={f.code: f for f in _FACILITIES}, feeds={})
