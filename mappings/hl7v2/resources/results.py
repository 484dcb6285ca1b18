from typing import Any


def patient_observations(*_: Any) -> None: ...
