"""What a URL can be asked, told in headers: Allow and Accept-Patch.

RFC 9110 sections 9.3.7 and 15.5.6, RFC 5789 sections 2.2 and 3.1.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from hub.api.fhir.bodies import READERS
from hub.api.fhir.router import MethodNotAllowedError
from hub.kernel.errors import HubError

_ACCEPT_PATCH: Final = {"accept-patch": ", ".join(READERS["patch"])}


def options_of(error: HubError, method: str) -> Mapping[str, str]:
    """The headers that tell, beside a refusal or in the place of one (OPTIONS), what could be asked instead."""
    if isinstance(error, MethodNotAllowedError):
        return {"allow": ", ".join(error.allowed), **(_ACCEPT_PATCH if "PATCH" in error.allowed else {})}
    return _ACCEPT_PATCH if method == "PATCH" and error.code == "media-type" else {}
