"""How a process ends: refusals become messages on standard error, and exit codes."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from typing import Final

from hub.kernel.errors import Category, HubError
from hub.kernel.log import place

#: Exit codes: 2 for what the caller can mend, 1 for everything else.
_CALLER: Final = frozenset(
    {Category.INVALID, Category.UNREADABLE, Category.UNSUPPORTED, Category.NOT_FOUND, Category.CONFLICT}
)


def exit_code(run: Callable[[], object]) -> int:
    """Run, and say why it failed, without a word of what it worked on; 0 when it did its work."""
    try:
        run()
    except HubError as error:
        print(f"yilian: {error}", file=sys.stderr)  # noqa: T201
        return 2 if error.category in _CALLER else 1
    except BrokenPipeError:
        # The reader of our standard output went away (`| head`): no message, and no second complaint at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except Exception as error:
        # Its text may repeat a message: only class and place are told.
        print(f"yilian: the hub failed: {type(error).__name__} at {place(error)}; please report this", file=sys.stderr)  # noqa: T201
        return 1
    return 0
