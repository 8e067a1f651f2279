"""An OpenID provider of this machine: discovery, tokens and keys over real HTTP.

What it should get wrong is set on it: another issuer, another key, a token signed by a trick.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import RSAKey

CLIENT_ID = "adherence-of-tests"
CLIENT_SECRET = "a shared secret: of tests + only"


def plain(value: bytes) -> str:
    """Base 64 as tokens have it."""
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()


@dataclass
class Provider:
    """The provider's memory. ``claims`` changes what it says, ``signed`` how it signs."""

    url: str
    clock: Callable[[], datetime]
    subject: str = "subject-1"
    amr: list[str] | None = None
    key: Any = field(default_factory=lambda: RSAKey.generate_key(2048, {"kid": "one"}))
    says: dict[str, Any] = field(default_factory=dict)
    claims: dict[str, Any] = field(default_factory=dict)
    signed: str = "RS256"
    is_down: bool = False
    codes: dict[str, dict[str, str]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def discovery(self) -> dict[str, Any]:
        return {
            "issuer": self.url,
            "authorization_endpoint": f"{self.url}/authorize",
            "token_endpoint": f"{self.url}/token",
            "jwks_uri": f"{self.url}/keys",
            **self.says,
        }

    def authorize(self, place: str) -> str:
        """Where the browser is sent back to, once its person has signed in at ``place``."""
        asked = {name: values[0] for name, values in parse_qs(urlsplit(place).query).items()}
        assert place.startswith(f"{self.url}/authorize?"), place
        assert asked["client_id"] == CLIENT_ID
        assert (asked["response_type"], asked["code_challenge_method"]) == ("code", "S256")
        assert "openid" in asked["scope"].split()
        code = secrets.token_urlsafe(16)
        self.codes[code] = asked
        said = {"code": code, "state": asked["state"], "iss": self.url}
        return f"{asked['redirect_uri']}?{urlencode(said)}"

    def token(self, form: dict[str, str], authorization: str) -> dict[str, Any] | None:
        """What a code is exchanged for, once, by whoever asked for it."""
        asked = self.codes.pop(form.get("code", ""), None)
        pair = f"{CLIENT_ID}:{urlencode({'x': CLIENT_SECRET})[2:]}"
        expected = f"Basic {base64.b64encode(pair.encode()).decode()}"
        if asked is None or not hmac.compare_digest(authorization, expected):
            return None
        challenge = plain(hashlib.sha256(form["code_verifier"].encode()).digest())
        if challenge != asked["code_challenge"] or form["redirect_uri"] != asked["redirect_uri"]:
            return None
        return {"access_token": "none", "token_type": "Bearer", "id_token": self.id_token(asked)}

    def id_token(self, asked: dict[str, str]) -> str:
        now = int(self.clock().timestamp())
        claims: dict[str, Any] = {
            "iss": self.url,
            "aud": CLIENT_ID,
            "sub": self.subject,
            "nonce": asked["nonce"],
            "iat": now,
            "exp": now + 300,
            **({} if self.amr is None else {"amr": self.amr}),
            **self.claims,
        }
        claims = {name: value for name, value in claims.items() if value is not None}
        if self.signed == "RS256":
            return jwt.encode({"alg": "RS256", "kid": "one"}, claims, self.key)
        if self.signed == "another key":
            other = RSAKey.generate_key(2048, {"kid": "one"})
            return jwt.encode({"alg": "RS256", "kid": "one"}, claims, other)
        header = {"alg": self.signed, "kid": "one"}
        body = ".".join(plain(json.dumps(part).encode()) for part in (header, claims))
        if self.signed == "none":
            return f"{body}."
        key = self.key.as_pem(private=False)
        return f"{body}.{plain(hmac.digest(key, body.encode(), 'sha256'))}"


@contextmanager
def providing(clock: Callable[[], datetime], host: str = "127.0.0.1") -> Iterator[Provider]:
    """A running provider."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path = urlsplit(self.path).path
            provider.asked.append(path)
            if provider.is_down:
                return self.answer(503, {})
            if path == "/authorize":
                self.send_response(302)
                self.send_header("Location", provider.authorize(f"{provider.url}{self.path}"))
                return self.end_headers()
            if path == "/keys":
                return self.answer(200, {"keys": [provider.key.as_dict(private=False)]})
            return self.answer(200, provider.discovery())

        def do_POST(self) -> None:
            provider.asked.append(self.path)
            sent = self.rfile.read(int(self.headers["Content-Length"])).decode()
            form = {name: values[0] for name, values in parse_qs(sent).items()}
            found = provider.token(form, self.headers.get("Authorization", ""))
            self.answer(400 if found is None else 200, found or {"error": "invalid_grant"})

        def answer(self, status: int, said: dict[str, Any]) -> None:
            body = json.dumps(said).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *given: Any) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    provider = Provider(f"http://{host}:{server.server_port}", clock)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield provider
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
