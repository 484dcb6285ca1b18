"""Pairs as `application/x-www-form-urlencoded`, as `urllib.parse.urlencode` writes them, in half its time.

A search is written down twice, for its audit row and for its links, and what it says is nearly always ASCII.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from functools import cache
from typing import Final
from urllib.parse import quote

#: What stands as it is, beside the hyphen (RFC 3986, section 2.3).
_UNRESERVED: Final = "A-Za-z0-9_.~"


def encoded(pairs: Iterable[tuple[str, str]], *, safe: str = "", blank: str = "+") -> str:
    """`name=value&...`: UTF-8 percent-encoded but for unreserved and `safe` characters, a space as `blank`.

    Half of a surrogate pair is written as UTF-8 would have it.
    """
    write = _writer(safe, blank)
    return "&".join([f"{write(name)}={write(value)}" for name, value in pairs])


@cache
def _writer(safe: str, blank: str) -> Callable[[str], str]:
    others = re.compile(f"[^{_UNRESERVED}{re.escape(safe)}-]")
    written = {chr(code): quote(chr(code), safe=safe) for code in range(128)} | {" ": blank}

    def one(found: re.Match[str]) -> str:
        char = found[0]
        return written.get(char) or quote(char, safe="", errors="surrogatepass")

    return lambda text: others.sub(one, text)
