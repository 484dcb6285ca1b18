"""What a supervised process asks of the machine for itself."""

from __future__ import annotations

import subprocess
import sys


def test_a_process_that_crashes_leaves_no_memory_on_the_disk() -> None:
    tried = (
        "import resource as r; from hub.run.child import leave_no_core; "
        "r.setrlimit(r.RLIMIT_CORE, (r.getrlimit(r.RLIMIT_CORE)[1],) * 2); leave_no_core(); "
        "print(r.getrlimit(r.RLIMIT_CORE)[0])"
    )
    done = subprocess.run([sys.executable, "-c", tried], capture_output=True, text=True, check=True)
    assert done.stdout == "0\n"
