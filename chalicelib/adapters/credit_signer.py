"""Signs credit files with a key that stands in a secret: JSON as a JWS, PDFs by pyHanko.

The secret is JSON: `private_key` (PEM, PKCS 8), `certificates` (PEM, the key's own first) and `previous` (PEM, certificates of keys before).
It is read at the first use and again every few minutes, so that a key is changed without a deployment. Nothing of it is logged or told:
whatever is wrong with it has one of the reasons below.
"""

import json
import time
from base64 import b64encode
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key
from jwt.algorithms import ECAlgorithm, RSAAlgorithm
from jwt.api_jws import PyJWS

from chalicelib.domain.credit_file import SignedJson, SigningKey
from chalicelib.domain.errors import RetryLater, SigningUnavailable
from chalicelib.ports import Clock

KEPT_S = 300.0
LEAST_RSA_BITS = 2048
MEDIA_TYPE = "credit-file+json"
NO_KEY = "no_key"
UNUSABLE = "key_unusable"  # garbled, or of a kind that PDF readers do not know
MISMATCH = "certificate_of_another_key"
NOT_YET = "certificate_not_yet_valid"
EXPIRED = "certificate_expired"
MISSING = frozenset({"ResourceNotFoundException", "AccessDeniedException", "InvalidRequestException", "DecryptionFailure"})  # fmt: skip

PrivateKey = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey


@dataclass(frozen=True, slots=True)
class _Held:
    """A secret that was read and found to be sound, its time of validity aside."""

    private_key: PrivateKey
    algorithm: str
    certificates: tuple[x509.Certificate, ...]
    key: SigningKey
    previous: tuple[SigningKey, ...]


class StoredKeySigner:
    def __init__(self, secret: Callable[[], str], clock: Clock) -> None:
        self._secret, self._clock = secret, clock
        self._held: _Held | None = None
        self._read_s = 0.0

    def key(self) -> SigningKey:
        return self._usable().key

    def known_keys(self) -> tuple[SigningKey, ...]:
        held = self._current()  # an expired one too: what it signed is verified by it
        return (held.key, *held.previous)

    def sign_json(self, payload: bytes) -> SignedJson:
        held = self._usable()
        chain = [b64encode(one.public_bytes(Encoding.DER)).decode() for one in held.certificates]
        headers = {"kid": held.key.id, "typ": MEDIA_TYPE, "x5c": chain}
        compact = PyJWS().encode(payload, held.private_key, algorithm=held.algorithm, headers=headers)
        protected, said, signature = compact.split(".")
        return SignedJson(payload=said, protected=protected, signature=signature)

    def sign_pdf(self, pdf: bytes) -> bytes:
        from chalicelib.adapters.pdf_signature import sign_pdf

        held = self._usable()
        return sign_pdf(pdf, held.private_key, held.certificates)

    def _usable(self) -> _Held:
        held, now_ms = self._current(), self._clock.now_ms()
        if now_ms < held.key.not_before_ms:
            raise SigningUnavailable(reason=NOT_YET)
        if now_ms > held.key.not_after_ms:
            raise SigningUnavailable(reason=EXPIRED)
        return held

    def _current(self) -> _Held:
        if self._held is None or time.monotonic() > self._read_s + KEPT_S:
            self._held, self._read_s = _held(self._secret()), time.monotonic()
        return self._held


class NoSigner:
    """Where no secret is configured."""

    def key(self) -> SigningKey:
        raise SigningUnavailable(reason=NO_KEY)

    def known_keys(self) -> tuple[SigningKey, ...]:
        raise SigningUnavailable(reason=NO_KEY)

    def sign_json(self, payload: bytes) -> SignedJson:
        raise SigningUnavailable(reason=NO_KEY)

    def sign_pdf(self, pdf: bytes) -> bytes:
        raise SigningUnavailable(reason=NO_KEY)


def read_secret(client: Any, secret_id: str) -> str:
    """The secret's text. Raises SigningUnavailable where it is not there for us, RetryLater where time may help."""
    try:
        return str(client.get_secret_value(SecretId=secret_id)["SecretString"])
    except ClientError as error:
        if error.response.get("Error", {}).get("Code") in MISSING:
            raise SigningUnavailable(reason=NO_KEY) from None
        raise RetryLater("secret") from error
    except BotoCoreError as error:
        raise RetryLater("secret") from error
    except KeyError:
        raise SigningUnavailable(reason=UNUSABLE) from None


def _held(secret: str) -> _Held:
    """Raises SigningUnavailable. What a library says of a garbled key may quote it, and goes no further."""
    try:
        given = json.loads(secret)
        private_key = load_pem_private_key(given["private_key"].encode(), password=None)
        certificates = tuple(x509.load_pem_x509_certificates(given["certificates"].encode()))
        previous = x509.load_pem_x509_certificates(given["previous"].encode()) if given.get("previous") else []
        key = _known(certificates, is_current=True)
        former = tuple(_known((one,), is_current=False) for one in previous)
    except (ValueError, TypeError, KeyError, AttributeError, IndexError):
        raise SigningUnavailable(reason=UNUSABLE) from None
    algorithm = _algorithm(private_key)
    if private_key.public_key() != certificates[0].public_key():
        raise SigningUnavailable(reason=MISMATCH)
    assert isinstance(private_key, PrivateKey)
    return _Held(private_key, algorithm, certificates, key, former)


def _algorithm(key: object) -> str:
    """JWS's name of what the key signs with. Raises SigningUnavailable for what PDF readers do not know, such as Ed25519."""
    if isinstance(key, ec.EllipticCurvePrivateKey) and isinstance(key.curve, ec.SECP256R1):
        return "ES256"
    if isinstance(key, rsa.RSAPrivateKey) and key.key_size >= LEAST_RSA_BITS:
        return "RS256"
    raise SigningUnavailable(reason=UNUSABLE)


def _known(certificates: Sequence[x509.Certificate], *, is_current: bool) -> SigningKey:
    """Raises ValueError where the certificates are no chain."""
    own = certificates[0]
    for one, issuer in pairwise(certificates):
        try:
            one.verify_directly_issued_by(issuer)
        except InvalidSignature as error:
            raise ValueError from error
    thumbprint = own.fingerprint(SHA256())
    return SigningKey(
        id=thumbprint.hex(),
        subject=own.subject.rfc4514_string(),
        not_before_ms=_ms(own.not_valid_before_utc),
        not_after_ms=_ms(own.not_valid_after_utc),
        certificates=tuple(one.public_bytes(Encoding.PEM).decode() for one in certificates),
        jwk=_jwk(own, thumbprint.hex()),
        is_current=is_current,
    )


def _jwk(certificate: x509.Certificate, key_id: str) -> dict[str, Any]:
    public = certificate.public_key()
    if isinstance(public, ec.EllipticCurvePublicKey):
        known, algorithm = ECAlgorithm.to_jwk(public, as_dict=True), "ES256"
    elif isinstance(public, rsa.RSAPublicKey):
        known, algorithm = RSAAlgorithm.to_jwk(public, as_dict=True), "RS256"
        known.pop("key_ops", None)
    else:
        raise ValueError
    return {**known, "use": "sig", "alg": algorithm, "kid": key_id}


def _ms(moment: datetime) -> int:
    return round(moment.astimezone(UTC).timestamp() * 1000)
