"""A small OpenID provider over a real socket: discovery, keys, codes with PKCE, id_tokens signed by joserfc."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import ECKey, KeySet

from hub.kernel.clock import Clock

CLIENT: Final = "yilian-hub"
SECRET: Final = "a secret / of the hub"
REDIRECT: Final = "http://hub.test/sign-in/external/callback"


@dataclass
class Idp:
    """What it knows; tests change it. `changes` are put over the claims of the next tokens."""

    clock: Clock
    secret: str | None = SECRET
    keys: list[ECKey] = field(default_factory=lambda: [new_key("k-1")])
    #: The key it signs with, where that is not the last it publishes.
    signer: ECKey | None = None
    changes: dict[str, Any] = field(default_factory=dict)
    document: dict[str, Any] = field(default_factory=dict)
    seen: list[str] = field(default_factory=list)
    port: int = 0
    _codes: dict[str, dict[str, str]] = field(default_factory=dict)

    @property
    def issuer(self) -> str:
        return f"http://127.0.0.1:{self.port}/realms/county"

    def signed_in(self, address: str, subject: str) -> str:
        """Where the browser is sent back to, by a user who signed in at `address`."""
        asked = dict(parse_qsl(urlsplit(address).query))
        assert address.startswith(f"{self.issuer}/authorize?"), address
        assert (asked["response_type"], asked["scope"]) == ("code", "openid")
        assert (asked["client_id"], asked["redirect_uri"]) == (CLIENT, REDIRECT)
        assert asked["code_challenge_method"] == "S256"
        code = secrets.token_urlsafe(16)
        self._codes[code] = {**asked, "subject": subject}
        told = {"code": code, "state": asked["state"], "iss": self.issuer}
        return f"{REDIRECT}?{urlencode(told)}"

    def configuration(self) -> dict[str, Any]:
        return {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/keys",
            "authorization_response_iss_parameter_supported": True,
        } | self.document

    def redeem(self, form: dict[str, str], credential: str) -> tuple[int, dict[str, Any]]:
        """RFC 6749 section 4.1.3, RFC 7636 section 4.6: a code is taken once."""
        asked = self._codes.pop(form.get("code", ""), None)
        if asked is None or form.get("redirect_uri") != asked["redirect_uri"] or not self._is_client(form, credential):
            return 400, {"error": "invalid_grant"}
        digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        if base64.urlsafe_b64encode(digest).decode().rstrip("=") != asked["code_challenge"]:
            return 400, {"error": "invalid_grant"}
        return 200, {"access_token": "x", "token_type": "Bearer", "id_token": self.token(asked)}

    def token(self, asked: dict[str, str]) -> str:
        now = int(self.clock().timestamp())
        claims = {
            "iss": self.issuer,
            "sub": asked["subject"],
            "aud": CLIENT,
            "azp": CLIENT,
            "iat": now,
            "exp": now + 60,
            "nonce": asked["nonce"],
            # A token may say what it likes: the hub takes these from the account.
            "role": "administrator",
            "organization": "F01",
        }
        key = self.signer or self.keys[-1]
        return jwt.encode({"alg": "ES256", "kid": key.kid}, claims | self.changes, key, ["ES256"])

    def _is_client(self, form: dict[str, str], credential: str) -> bool:
        if self.secret is None:
            return form.get("client_id") == CLIENT and not credential
        expected = urlencode({"": CLIENT})[1:] + ":" + urlencode({"": self.secret})[1:]
        return credential == "Basic " + base64.b64encode(expected.encode()).decode()


def new_key(kid: str) -> ECKey:
    return ECKey.generate_key("P-256", {"kid": kid, "use": "sig"})


@contextmanager
def served(idp: Idp) -> Iterator[Idp]:
    """The provider on a port of this machine, for the time of a test."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path = urlsplit(self.path).path.removeprefix("/realms/county")
            idp.seen.append(path)
            if path == "/.well-known/openid-configuration":
                self._answer(200, idp.configuration())
            elif path == "/keys":
                self._answer(200, dict(KeySet([*idp.keys]).as_dict(private=False)))
            else:
                self._answer(404, {})

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"])).decode()
            form = {name: values[0] for name, values in parse_qs(body).items()}
            idp.seen.append("/token")
            self._answer(*idp.redeem(form, self.headers.get("authorization", "")))

        def _answer(self, status: int, body: dict[str, Any]) -> None:
            text = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, *args: Any) -> None:
            """Not to the terminal."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    idp.port = server.server_port
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield idp
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
