from typing import Any


def appointment(*_: Any) -> None: ...
