"""All that processes of the hub import and compile, for the one they are forked from. Importing it is its use.

That one is stopped last, by the end of the supervisor alone, so that it can tell how each process ended.
"""

from __future__ import annotations

import gc
import signal
from importlib import import_module

from consent.labelling import shipped
from hub.fhir.canonical_units import scale
from hub.fhir.pointers import ABOUT_NOBODY
from hub.fhir.prepared import prepare
from hub.run.work import Kind
from hub.store import codec
from hub.store.promoted import PROMOTED

# numpy, which the DICOM process needs, starts threads, and those do not live through a fork.
for _kind in Kind:
    if _kind is not Kind.DICOM:
        import_module(f"hub.run.{_kind}")
# Its dictionaries take some tenths of a second and 50 MB, in the middle of the first request with a Chinese name.
import_module("pypinyin")
# What is written and read most: the first of each would cost its process ten milliseconds.
prepare(PROMOTED.keys() | ABOUT_NOBODY)
codec.encode(b"{}")
scale("mg")
shipped()
signal.signal(signal.SIGTERM, signal.SIG_IGN)
# A collection that touches what is shared would copy it into every process.
gc.collect()
gc.freeze()
