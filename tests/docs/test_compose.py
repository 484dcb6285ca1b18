import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from hub.kernel.settings import SETTINGS

ROOT = Path(__file__).resolve().parents[2]
FILE = ROOT / "docker-compose.yml"
SECRETS = ("POSTGRES_PASSWORD", "REDIS_PASSWORD", "ORTHANC_PASSWORD", "YILIAN_BASE_URL", "YILIAN_ENCRYPTION")


def compose_config(tmp_path: Path, names: tuple[str, ...]) -> subprocess.CompletedProcess[str]:
    if shutil.which("docker-compose") is None:
        pytest.skip("needs docker compose")
    environment = tmp_path / "env"
    environment.write_text("".join(f"{name}=x\n" for name in names), encoding="utf-8")
    return subprocess.run(
        ["docker-compose", "--env-file", str(environment), "-f", str(FILE), "config"],
        capture_output=True,
        text=True,
        check=False,
    )


def test_compose_accepts_the_file(tmp_path: Path) -> None:
    done = compose_config(tmp_path, SECRETS)
    assert done.returncode == 0, done.stderr
    assert set(yaml.safe_load(done.stdout)["services"]) == {"hub", "postgres", "redis", "orthanc"}


@pytest.mark.parametrize("missing", SECRETS)
def test_there_is_no_default_for_a_secret(tmp_path: Path, missing: str) -> None:
    done = compose_config(tmp_path, tuple(name for name in SECRETS if name != missing))
    assert done.returncode != 0
    assert missing in done.stderr


def test_every_service_has_a_health_check_and_a_named_volume() -> None:
    file = yaml.safe_load(FILE.read_text(encoding="utf-8"))
    for name, service in file["services"].items():
        assert "healthcheck" in service, name
        assert any(v.split(":")[0] in file["volumes"] for v in service["volumes"]), name


def test_every_setting_the_file_names_exists() -> None:
    file = yaml.safe_load(FILE.read_text(encoding="utf-8"))
    assert set(file["services"]["hub"]["environment"]) <= {s.variable for s in SETTINGS}


def test_ports_are_published_on_loopback_only() -> None:
    file = yaml.safe_load(FILE.read_text(encoding="utf-8"))
    for service in file["services"].values():
        assert all(re.match(r"127\.0\.0\.1:", port) for port in service.get("ports", []))
