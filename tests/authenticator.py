"""An authenticator in software: makes passkeys and signs with them, as a phone or a key would.

Written from WebAuthn level 2, sections 5.2, 6.1 and 6.5; it attests nothing ("none").
"""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
from typing import Any

import cbor2
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

PRESENT, VERIFIED, CAN_SYNC, SYNCED, ATTESTED = 1, 4, 8, 16, 64


def encoded(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def decoded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


class Authenticator:
    """One key ring. ``synced`` keys count nothing; ``verifies`` is whether it asks for a finger."""

    def __init__(
        self, origin: str, rp_id: str = "localhost", *, synced: bool = True, verifies: bool = True
    ) -> None:
        self.origin, self.rp_id = origin, rp_id
        self.synced, self.verifies = synced, verifies
        self.keys: dict[bytes, tuple[ec.EllipticCurvePrivateKey, bytes]] = {}
        self.count = 0

    def create(self, options: dict[str, Any]) -> dict[str, Any]:
        """The answer to a question for a new passkey."""
        key = ec.generate_private_key(ec.SECP256R1())
        credential = secrets.token_bytes(32)
        self.keys[credential] = (key, decoded(options["user"]["id"]))
        numbers = key.public_key().public_numbers()
        cose = {
            1: 2,
            3: -7,
            -1: 1,
            -2: numbers.x.to_bytes(32, "big"),
            -3: numbers.y.to_bytes(32, "big"),
        }
        data = self._data(ATTESTED) + bytes(16) + len(credential).to_bytes(2, "big")
        data += credential + cbor2.dumps(cose)
        attestation = cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": data})
        return self._answer(
            credential,
            clientDataJSON=self._said("webauthn.create", options),
            attestationObject=encoded(attestation),
        )

    def get(self, options: dict[str, Any], *, with_handle: bool = True) -> dict[str, Any]:
        """The answer to a question for any passkey it has."""
        credential, (key, handle) = next(iter(self.keys.items()))
        said = self._said("webauthn.get", options)
        data = self._data(0)
        signed = key.sign(data + hashlib.sha256(decoded(said)).digest(), ec.ECDSA(hashes.SHA256()))
        return self._answer(
            credential,
            clientDataJSON=said,
            authenticatorData=encoded(data),
            signature=encoded(signed),
            userHandle=encoded(handle) if with_handle else None,
        )

    def _data(self, flags: int) -> bytes:
        flags |= PRESENT | (VERIFIED if self.verifies else 0)
        flags |= CAN_SYNC | SYNCED if self.synced else 0
        if not self.synced:
            self.count += 1
        return (
            hashlib.sha256(self.rp_id.encode()).digest()
            + bytes([flags])
            + self.count.to_bytes(4, "big")
        )

    def _said(self, kind: str, options: dict[str, Any]) -> str:
        said = {"type": kind, "challenge": options["challenge"], "origin": self.origin}
        return encoded(json.dumps(said).encode())

    @staticmethod
    def _answer(credential: bytes, **response: Any) -> dict[str, Any]:
        return {
            "id": encoded(credential),
            "rawId": encoded(credential),
            "type": "public-key",
            "response": response,
            "clientExtensionResults": {},
        }
