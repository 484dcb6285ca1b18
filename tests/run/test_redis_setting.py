"""What YILIAN_REDIS_URL makes of a process."""

from __future__ import annotations

import subprocess
import sys

import pytest

from hub.bootstrap.foundation import bell_of
from hub.kernel.errors import Category, HubError
from hub.kernel.log import Log
from hub.pipeline.bell import SILENT


def test_without_the_setting_the_package_is_not_even_imported() -> None:
    code = (
        "import sys, hub.cli.main, hub.run.hub, hub.run.mllp, hub.run.pipeline\n"
        "from hub.bootstrap.foundation import bell_of\n"
        "from hub.kernel.log import Log\n"
        "bell_of('', Log('test'))\n"
        "assert not [name for name in sys.modules if name.partition('.')[0] == 'redis']\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
    assert bell_of("", Log("test")) is SILENT


def test_a_missing_package_is_named_with_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "hub.pipeline.redis_bell", raising=False)
    monkeypatch.delattr("hub.pipeline.redis_bell", raising=False)
    for name in ("redis", "redis.asyncio"):
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(HubError) as refused:
        bell_of("redis://:hidden@127.0.0.1/0", Log("test"))
    assert refused.value.category is Category.INVALID
    assert refused.value.where == "YILIAN_REDIS_URL"
    assert "yilian-hub[redis]" in refused.value.todo
    assert "hidden" not in str(refused.value)


@pytest.mark.parametrize("url", ["hidden", "http://:hidden@redis/0", "redis://:hidden@redis:port/0"])
def test_a_url_that_is_no_redis_is_refused_without_repeating_it(url: str) -> None:
    with pytest.raises(HubError) as refused:
        bell_of(url, Log("test"))
    assert refused.value.category is Category.INVALID
    assert "hidden" not in str(refused.value)
