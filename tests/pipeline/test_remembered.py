"""What a worker remembers of messages for the next ones is bounded by number, whatever comes."""

from __future__ import annotations

import gc
import subprocess
import sys
from functools import _lru_cache_wrapper
from importlib import import_module
from typing import Any

from bench.mix import mix
from hub.fhir.custom import NONE
from hub.fhir.json import dumps, loads
from hub.kernel.ids import PUBLIC_KEY, keyed_ids, reference_key
from hub.store.whole_index import whole_index
from mappings.hl7v2.profile import DEFAULT
from mappings.hl7v2.trace import Mapped
from mappings.hl7v2.translator import translator

#: What texts of messages may be kept by one function at most, and by all of a worker together.
MOST_OF_ONE = 1 << 16
MOST = 1_400_000


def remembering() -> dict[str, _lru_cache_wrapper[Any]]:
    import_module("hub.run.pipeline")
    found = (one for one in gc.get_objects() if isinstance(one, _lru_cache_wrapper))
    own = ("hub.", "mappings.", "consent.", "terminology.")
    return {f"{one.__module__}.{one.__qualname__}": one for one in found if str(one.__module__).startswith(own)}


def work(seed: int, messages: int) -> None:
    """Translate messages about persons nobody else has, and index what they say."""
    translate = translator(DEFAULT, "F01", keyed_ids(PUBLIC_KEY))
    for _, raw in mix(messages, messages, seed):
        for draft in translate(raw).drafts:
            key, body = reference_key(draft.resource["resourceType"], draft.resource["id"]), dumps(draft.resource)
            whole_index(key, draft.resource, draft.patient, body, custom=NONE, full_text=True, trimmed=False)


def grown() -> dict[str, int]:
    """What has no limit, and how much more of it there is after messages about others."""
    work(1, 400)
    unlimited = {name: one for name, one in remembering().items() if one.cache_info().maxsize is None}
    before = {name: one.cache_info().currsize for name, one in unlimited.items()}
    work(2, 400)
    return {name: one.cache_info().currsize - before[name] for name, one in unlimited.items()}


def limits() -> list[int]:
    """The limit of everything that is remembered, 0 where there is none."""
    return [one.cache_info().maxsize or 0 for one in remembering().values()]


def told(by: str) -> Any:
    """What a function of this module gives in a process of its own, which imports what a worker does."""
    program = f"import json; from {__name__} import {by}; print(json.dumps({by}()))"
    return loads(subprocess.run([sys.executable, "-c", program], capture_output=True, check=True).stdout)


def test_what_has_no_limit_does_not_grow_with_messages() -> None:
    found = told("grown")
    assert found
    assert set(found.values()) == {0}, found


def test_what_has_a_limit_is_no_more_than_a_worker_has_memory_for() -> None:
    found = told("limits")
    assert 0 < max(found) <= MOST_OF_ONE
    assert sum(found) <= MOST


def test_a_field_of_any_number_of_components_is_not_remembered_for_ever() -> None:
    way = Mapped("Patient.name", {"*": "text"})
    for component in range(1, 5000):
        assert way.element(component, 1) == "Patient.name.text"
    assert len(way._known) < 1000
