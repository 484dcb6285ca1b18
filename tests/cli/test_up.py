from pathlib import Path

import pytest

from tests.commands import yilian


@pytest.mark.parametrize(
    ("environment", "what"),
    [
        ({"YILIAN_HOST": "0.0.0.0"}, "needs TLS"),  # noqa: S104 - refused
        ({"YILIAN_PRODUCTION": "true", "YILIAN_CONFIG": "CONFIG"}, "public https address"),
        (
            {"YILIAN_PRODUCTION": "true", "YILIAN_CONFIG": "CONFIG", "YILIAN_BASE_URL": "https://hub.example/fhir"},
            "a word on encryption",
        ),
        ({"YILIAN_ENCRYPTION": "rot13"}, "aes-256-gcm, sm4-gcm or off"),
        ({"YILIAN_CONFIG": "/nowhere/consortium.yaml"}, "/nowhere/consortium.yaml"),
        ({"YILIAN_NO_SUCH": "1"}, "YILIAN_NO_SUCH: no such setting"),
    ],
)
def test_what_must_not_run_is_refused_before_anything_starts(
    tmp_path: Path, environment: dict[str, str], what: str
) -> None:
    config = tmp_path / "c.yaml"
    config.write_text("facilities:\n  - {code: A, name: x}\n", encoding="utf-8")
    values = {name: value.replace("CONFIG", str(config)) for name, value in environment.items()}
    done = yilian("up", "--data", tmp_path / "data", "--port", "0", **values)
    assert done.returncode == 2
    assert what in done.stderr
    assert not (tmp_path / "data" / "postgres").exists()
