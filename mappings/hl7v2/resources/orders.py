from typing import Any


def orders(*_: Any) -> None: ...
