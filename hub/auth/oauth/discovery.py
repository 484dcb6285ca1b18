"""What the authorisation server tells of itself: OpenID Connect Discovery 1.0, RFC 8414, SMART App Launch 2.2
(conformance.html). Pure; a test holds it to what the endpoints do."""

from __future__ import annotations

from typing import Any, Final

from hub.auth.oauth.assertion import METHOD
from hub.auth.oauth.faces import CLIENT_GRANT, CODE_GRANT, REFRESH_GRANT
from hub.auth.oauth.server import METHODS
from hub.auth.public_keys import ALGORITHMS
from hub.auth.scopes import CONTEXT
from hub.auth.signing import OPENID_ALGORITHM

#: Paths below the issuer.
AUTHORIZE: Final = "/authorize"
TOKEN: Final = "/token"  # noqa: S105 - a path, not a secret
INTROSPECT: Final = "/introspect"
REVOKE: Final = "/revoke"
JWKS: Final = "/jwks"
OPENID_CONFIGURATION: Final = "/.well-known/openid-configuration"

#: SMART App Launch 2.2, conformance.html, Capabilities.
CAPABILITIES: Final = (
    *("launch-standalone", "launch-ehr", "client-public", "client-confidential-asymmetric", "sso-openid-connect"),
    *("context-standalone-patient", "context-ehr-patient", "context-banner"),
    *("permission-offline", "permission-online", "permission-patient", "permission-user"),
    *("permission-v1", "permission-v2"),
)
#: Argonaut SMART Imaging Access 0.1.0 (a draft), Discovery.
IMAGING: Final = "smart-imaging-access"
_SCOPES: Final = ("patient/*.rs", "user/*.cruds", "system/*.cruds")


def issuer_url(base_url: str) -> str:
    """The address of the authorisation server, beside that of the FHIR API."""
    return base_url.removesuffix("/fhir") + "/auth"


def metadata(issuer: str) -> dict[str, Any]:
    """The document of the server at `issuer` (a URL without a slash at its end)."""
    return {
        "issuer": issuer,
        "jwks_uri": issuer + JWKS,
        "authorization_endpoint": issuer + AUTHORIZE,
        "token_endpoint": issuer + TOKEN,
        "grant_types_supported": [CODE_GRANT, REFRESH_GRANT, CLIENT_GRANT],
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "code_challenge_methods_supported": ["S256"],
        "token_endpoint_auth_methods_supported": list(METHODS),
        "token_endpoint_auth_signing_alg_values_supported": list(ALGORITHMS),
        "introspection_endpoint": issuer + INTROSPECT,
        "introspection_endpoint_auth_methods_supported": [METHOD],
        "introspection_endpoint_auth_signing_alg_values_supported": list(ALGORITHMS),
        "revocation_endpoint": issuer + REVOKE,
        "revocation_endpoint_auth_methods_supported": list(METHODS),
        "revocation_endpoint_auth_signing_alg_values_supported": list(ALGORITHMS),
        "authorization_response_iss_parameter_supported": True,
        "scopes_supported": sorted((CONTEXT - {"launch/encounter"}) | set(_SCOPES)),
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": [OPENID_ALGORITHM],
        "claims_supported": ["iss", "sub", "aud", "iat", "exp", "auth_time", "nonce", "fhirUser"],
    }


def smart_configuration(issuer: str, *, images: bool = False) -> dict[str, Any]:
    """`/fhir/.well-known/smart-configuration`; `images`: whether studies name places their images are fetched from."""
    return metadata(issuer) | {"capabilities": [*CAPABILITIES, *([IMAGING] if images else [])]}
