"""Who is calling: people by their OIDC issuer's keys, bridges by their own.

A token is refused before anything leaves the process unless its form and algorithm are right, and an unknown key id
cannot be used to hammer the issuer. Known keys outlive an issuer that is down. Times are read off the clock we are
given, never by PyJWT.
"""

import hashlib
import hmac
import math
import re
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

import jwt
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from chalicelib.domain.errors import Busy, Unauthenticated
from chalicelib.ports import Clock

ALGORITHMS = ("RS256", "ES256", "EdDSA")
REQUIRED = ("exp", "iat", "sub", "iss", "aud")
MAX_TOKEN_CHARS = 8192
LEEWAY_S = 30
BRIDGE_LEEWAY_S = 60

_BRIDGE_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,127}")
# Times are ours to check, against the clock we are given.
_OPTIONS = {"verify_exp": False, "verify_iat": False, "verify_nbf": False, "enforce_minimum_key_length": True}
_REASONS: tuple[tuple[type[jwt.PyJWTError], str], ...] = (
    (jwt.InvalidSignatureError, "bad_signature"),
    (jwt.InvalidAlgorithmError, "bad_algorithm"),
    (jwt.InvalidAudienceError, "wrong_audience"),
    (jwt.InvalidIssuerError, "wrong_issuer"),
    (jwt.MissingRequiredClaimError, "missing_claim"),
    (jwt.InvalidKeyError, "bad_key"),
)


class _WallClock:
    def now_ms(self) -> int:
        return time.time_ns() // 1_000_000


_WALL_CLOCK = _WallClock()


class OidcVerifier:
    """People's tokens. Raises Unauthenticated(reason=...), or Busy while the issuer's keys cannot be had."""

    def __init__(
        self, issuer: str, audience: str, jwks_url: str, timeout_s: float = 2.0, *, clock: Clock = _WALL_CLOCK
    ) -> None:
        self._issuer = issuer
        self._audience = audience
        self._clock = clock
        self._keys = IssuerKeys(
            jwt.PyJWKClient(jwks_url, cache_jwk_set=False, timeout=timeout_s).get_signing_keys, clock
        )

    def person_id(self, token: str) -> str:
        key = self._keys.get(_header(token, ALGORITHMS).get("kid"))
        claims = _verified(token, key, ALGORITHMS, audience=self._audience, issuer=self._issuer, require=REQUIRED)
        _check_times(claims, self._clock.now_ms() / 1000, LEEWAY_S)
        return str(claims["sub"])


class IssuerKeys:
    """The issuer's signing keys by id, from a `fetch` that may fail.

    Keys are fetched again when they are old, and when an id is unknown; never twice within a pause, whatever is asked.
    """

    FRESH_S, STALE_S = 300, 86_400
    PAUSE_S, PAUSE_AFTER_FAILURE_S = 30, 5

    def __init__(self, fetch: Callable[[], list[jwt.PyJWK]], clock: Clock) -> None:
        self._fetch = fetch
        self._clock = clock
        self._lock = threading.Lock()
        self._keys: Mapping[str, jwt.PyJWK] = {}
        self._fetched_at_s = -math.inf
        self._next_fetch_at_s = -math.inf
        self._is_failing = False

    def get(self, key_id: object) -> jwt.PyJWK:
        """Raises Unauthenticated for a key the issuer does not have, Busy where that cannot be told."""
        if not isinstance(key_id, str) or not key_id:
            raise Unauthenticated(reason="unknown_key")
        with self._lock:
            now_s = self._clock.now_ms() / 1000
            wanted = key_id not in self._keys or now_s - self._fetched_at_s >= self.FRESH_S
            if wanted and now_s >= self._next_fetch_at_s:
                self._refresh(now_s)
            if key_id in self._keys and now_s - self._fetched_at_s < self.STALE_S:
                return self._keys[key_id]
            raise Busy(reason="issuer_unreachable") if self._is_failing else Unauthenticated(reason="unknown_key")

    def _refresh(self, now_s: float) -> None:
        try:
            self._keys = {str(key.key_id): key for key in self._fetch()}
        except (jwt.PyJWTError, OSError, ValueError):
            # PyJWT lets a broken body and a connection lost half-way through as they are.
            self._is_failing, self._next_fetch_at_s = True, now_s + self.PAUSE_AFTER_FAILURE_S
        else:
            self._is_failing, self._next_fetch_at_s, self._fetched_at_s = False, now_s + self.PAUSE_S, now_s


class Ed25519Verifier:
    """Bridges' tokens: short-lived, from the bridge to us, and bound to one body (after private_key_jwt, RFC 7523)."""

    def __init__(self, audience: str, max_age_s: int = 300, *, clock: Clock = _WALL_CLOCK) -> None:
        self._audience = audience
        self._max_age_s = max_age_s
        self._clock = clock

    def key_id(self, token: str) -> str:
        """The bridge the token claims to be from, unverified: only to look its key up."""
        key_id = _header(token, ("EdDSA",)).get("kid")
        if not isinstance(key_id, str) or not _BRIDGE_ID.fullmatch(key_id):
            raise Unauthenticated(reason="unknown_key")
        return key_id

    def is_public_key(self, pem: str) -> bool:
        """Whether this is an Ed25519 public key in PEM form."""
        try:
            _ed25519_key(pem)
        except Unauthenticated:
            return False
        return True

    def verify(self, token: str, *, bridge_id: str, public_key_pem: str, body: bytes) -> None:
        """Raises Unauthenticated unless `bridge_id` signed this token for these bytes, as sent, a short while ago."""
        if self.key_id(token) != bridge_id:
            raise Unauthenticated(reason="unknown_key")
        key, require = _ed25519_key(public_key_pem), (*REQUIRED, "jti", "body_sha256")
        claims = _verified(token, key, ("EdDSA",), audience=self._audience, issuer=bridge_id, require=require)
        if claims["sub"] != bridge_id:
            raise Unauthenticated(reason="wrong_subject")
        _check_times(claims, self._clock.now_ms() / 1000, BRIDGE_LEEWAY_S, max_age_s=self._max_age_s)
        expected = hashlib.sha256(body).hexdigest()
        if not hmac.compare_digest(expected.encode(), str(claims["body_sha256"]).encode("utf-8", "replace")):
            raise Unauthenticated(reason="wrong_body")


def _header(token: str, algorithms: tuple[str, ...]) -> dict[str, Any]:
    if len(token) > MAX_TOKEN_CHARS:
        raise Unauthenticated(reason="malformed")
    try:
        header = jwt.get_unverified_header(token)
    except (jwt.PyJWTError, ValueError) as error:
        raise Unauthenticated(reason="malformed") from error
    if header.get("alg") not in algorithms:
        raise Unauthenticated(reason="bad_algorithm")
    return header


def _verified(
    token: str, key: Any, algorithms: tuple[str, ...], *, audience: str, issuer: str, require: tuple[str, ...]
) -> dict[str, Any]:
    options: Any = {**_OPTIONS, "require": list(require)}
    try:
        claims = jwt.decode(token, key, list(algorithms), options, audience=audience, issuer=issuer)
    except jwt.PyJWTError as error:
        raise Unauthenticated(reason=_reason(error)) from error
    if not claims["sub"]:
        raise Unauthenticated(reason="missing_claim")
    return claims


def _reason(error: jwt.PyJWTError) -> str:
    return next((reason for kind, reason in _REASONS if isinstance(error, kind)), "malformed")


def _check_times(claims: Mapping[str, Any], now_s: float, leeway_s: int, *, max_age_s: int | None = None) -> None:
    """RFC 7519, 4.1.4 to 4.1.6, and the longest life that we accept."""
    issued_s, expires_s, from_s = (_seconds(claims.get(name, 0)) for name in ("iat", "exp", "nbf"))
    if max_age_s is not None and not 0 < expires_s - issued_s <= max_age_s:
        raise Unauthenticated(reason="too_long_lived")
    if expires_s <= now_s - leeway_s:
        raise Unauthenticated(reason="expired")
    if max(issued_s, from_s) > now_s + leeway_s:
        raise Unauthenticated(reason="not_yet_valid")


def _seconds(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise Unauthenticated(reason="malformed")
    return value


def _ed25519_key(pem: str) -> Ed25519PublicKey:
    try:
        key = load_pem_public_key(pem.encode())
    except (ValueError, UnsupportedAlgorithm) as error:
        raise Unauthenticated(reason="bad_key") from error
    if not isinstance(key, Ed25519PublicKey):
        raise Unauthenticated(reason="bad_key")
    return key
