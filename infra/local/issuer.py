"""The local stack's token issuer: an ES256 key under the stack's home, published as a JWKS, and tokens as any OIDC issuer makes them."""

import base64
import hashlib
import json
import os
import time
from pathlib import Path
from typing import Any

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from jwt.algorithms import ECAlgorithm

ISSUER = "https://issuer.green-shield.localhost"
AUDIENCE = "green-shield"
LIFETIME_S = 30 * 24 * 3600


class LocalIssuer:
    """Holds the private key. It is made once for each home and readable by its owner only."""

    def __init__(self, home: Path) -> None:
        self._key = load_or_make_key(home / "issuer-key.pem")
        public: dict[str, Any] = ECAlgorithm.to_jwk(self._key.public_key(), as_dict=True)
        self._kid = thumbprint(public)
        self.jwks = {"keys": [{**public, "kid": self._kid, "use": "sig", "alg": "ES256"}]}

    def token(self, person_id: str, *, lifetime_s: int = LIFETIME_S, **claims: Any) -> str:
        """A token for a person. Roles are not in it: the registry knows them."""
        now_s = int(time.time())
        payload = {"iss": ISSUER, "aud": AUDIENCE, "sub": person_id, "iat": now_s, "exp": now_s + lifetime_s, **claims}
        return jwt.encode(payload, self._key, algorithm="ES256", headers={"kid": self._kid})


def thumbprint(jwk: dict[str, Any]) -> str:
    """RFC 7638: the key's name follows from the key."""
    required = {name: jwk[name] for name in ("crv", "kty", "x", "y")}
    digest = hashlib.sha256(json.dumps(required, sort_keys=True, separators=(",", ":")).encode()).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def load_or_make_key(file: Path) -> ec.EllipticCurvePrivateKey:
    if not file.is_file():
        key = ec.generate_private_key(ec.SECP256R1())
        write_secret(
            file,
            key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            ).decode(),
        )
    loaded = serialization.load_pem_private_key(file.read_bytes(), password=None)
    if not isinstance(loaded, ec.EllipticCurvePrivateKey):
        raise TypeError(f"{file} holds another kind of key; remove it")
    return loaded


def write_secret(file: Path, text: str) -> None:
    """Write a file that only its owner may read, from its first byte on."""
    file.unlink(missing_ok=True)
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as opened:
        opened.write(text)
