"""What processes share before they are forked."""

from __future__ import annotations

import subprocess
import sys


def test_nothing_that_starts_threads_is_there_before_a_fork() -> None:
    looked = "import hub.run.preloaded, os, sys; print(len(os.listdir('/proc/self/task')), 'numpy' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", looked], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["1", "False"]


def test_what_judges_and_indexes_common_types_is_compiled_before_a_fork() -> None:
    looked = (
        "import hub.run.preloaded; from hub.fhir.extract import extractor_of; from hub.fhir.validate import type_check;"
        "before = extractor_of.cache_info().currsize; extractor_of('Observation');"
        "print(bool(type_check('Observation.component').properties), extractor_of.cache_info().currsize == before)"
    )
    done = subprocess.run([sys.executable, "-c", looked], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["True", "True"]
