"""The bridge's own key, and the short-lived tokens it signs with it.

The private key never leaves its file and the process; no message and no log line contains it. The park holds the
public key only.
"""

import hashlib
import json
import os
import stat
from base64 import urlsafe_b64encode
from dataclasses import dataclass, field
from uuid import uuid4

import jwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from green_shield_bridge.errors import KeyFileError

AUDIENCE = "green-shield"
TOKEN_LIFE_S = 300


@dataclass(frozen=True, slots=True)
class Identity:
    """Who the bridge is to the park."""

    bridge_id: str
    key: Ed25519PrivateKey = field(repr=False)

    def token_for(self, body: bytes, now_s: int) -> str:
        """A token for one upload, bound to the very bytes that are sent."""
        claims = {
            "iss": self.bridge_id,
            "sub": self.bridge_id,
            "aud": AUDIENCE,
            "iat": now_s,
            "exp": now_s + TOKEN_LIFE_S,
            "jti": str(uuid4()),
            "body_sha256": hashlib.sha256(body).hexdigest(),
        }
        return jwt.encode(claims, self.key, algorithm="EdDSA", headers={"kid": self.bridge_id})


def read_key(path: str) -> Ed25519PrivateKey:
    """Load the key. Raises KeyFileError: missing, readable or writable by others, or not an Ed25519 key."""
    try:
        with open(path, "rb") as file:
            status = os.fstat(file.fileno())
            pem = file.read(16_384)
    except OSError as error:
        raise KeyFileError(f"key file {path}: {error.strerror}; make one with `green-shield-bridge keygen`") from error
    mode = stat.S_IMODE(status.st_mode)
    if mode & 0o077:
        raise KeyFileError(
            f"key file {path}: mode is {mode:04o}, so others may use it; allowed: 0600 or 0400 (chmod 600 {path})"
        )
    if status.st_uid not in (0, os.geteuid()):
        raise KeyFileError(
            f"key file {path}: belongs to user {status.st_uid}; allowed: the user that runs the bridge, or root"
        )
    return _parse(path, pem)


def _parse(path: str, pem: bytes) -> Ed25519PrivateKey:
    try:
        key = load_pem_private_key(pem, password=None)
    except (ValueError, TypeError) as error:
        raise KeyFileError(f"key file {path}: not an unencrypted private key in PEM form") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise KeyFileError(f"key file {path}: the key is not Ed25519; make one with `green-shield-bridge keygen`")
    return key


def make_key_file(path: str) -> Ed25519PublicKey:
    """Write a new key with mode 0600. Raises KeyFileError; an existing file is never overwritten."""
    key = Ed25519PrivateKey.generate()
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise KeyFileError(f"key file {path}: {error.strerror}") from error
    with os.fdopen(handle, "wb") as file:
        os.fchmod(file.fileno(), 0o600)
        file.write(pem)
        file.flush()
        os.fsync(file.fileno())
    return key.public_key()


def public_pem(key: Ed25519PublicKey) -> str:
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def public_jwk(key: Ed25519PublicKey, bridge_id: str | None = None) -> str:
    """The public key as a JWK (RFC 8037); `kid` is the bridge's id where it is known."""
    x = urlsafe_b64encode(key.public_bytes(Encoding.Raw, PublicFormat.Raw)).rstrip(b"=").decode()
    jwk = {"kty": "OKP", "crv": "Ed25519", "use": "sig", "alg": "EdDSA", "x": x}
    return json.dumps({**jwk, "kid": bridge_id} if bridge_id else jwk)
