"""Credit files for tests: keys with certificates, secrets that hold them, and a record of a year."""

import json
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from chalicelib.domain.credit_file import CreditRecord, MonthRecord, months_between
from chalicelib.domain.dimension import SIDES, Dimension
from chalicelib.domain.enterprise import Enterprise
from chalicelib.domain.objection import Objection, ObjectionState
from chalicelib.domain.score import Cause, Score, ScoreEntry, grade_of
from tests.park import START_MS

ZONE = ZoneInfo("Asia/Shanghai")
ENTERPRISE = Enterprise("acme", "示范化工（集团）有限公司", "91110000MA01A2B34H", "circular_chemical", "medium", "east")
WEIGHTS = {Dimension.SAFETY: 0.5, Dimension.ENVIRONMENT: 0.4, Dimension.ENERGY: 0.1}
DAY_MS = 86_400_000


def ec_key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


@cache
def rsa_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, 2048)


def certificate(
    key: Any, name: str = "示范园区", *, issuer: Any = None, first: int = 2020, last: int = 2045, is_ca: bool = False
) -> x509.Certificate:
    """Of a key, valid from the first to the last year; issued by `issuer` (certificate, key), or by itself."""
    by, signing = (named(name), key) if issuer is None else (issuer[0].subject, issuer[1])
    usage = dict.fromkeys(
        ("key_encipherment", "data_encipherment", "key_agreement", "encipher_only", "decipher_only"), False
    )
    usage |= {"digital_signature": True, "content_commitment": True, "key_cert_sign": is_ca, "crl_sign": is_ca}
    return (
        x509.CertificateBuilder()
        .subject_name(named(name))
        .issuer_name(by)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(datetime(first, 1, 1, tzinfo=UTC))
        .not_valid_after(datetime(last, 1, 1, tzinfo=UTC) - timedelta(seconds=1))
        .add_extension(x509.BasicConstraints(ca=is_ca, path_length=None), critical=True)
        .add_extension(x509.KeyUsage(**usage), critical=True)
        .sign(signing, hashes.SHA256())
    )


def named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])


def pem(*certificates: x509.Certificate) -> str:
    return "".join(one.public_bytes(Encoding.PEM).decode() for one in certificates)


def private_pem(key: Any) -> str:
    return str(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode())


def secret(key: Any, *certificates: x509.Certificate, previous: str = "") -> str:
    return json.dumps({"private_key": private_pem(key), "certificates": pem(*certificates), "previous": previous})


@cache
def park_key() -> tuple[ec.EllipticCurvePrivateKey, x509.Certificate]:
    """The one key that most tests sign with."""
    key = ec_key()
    return key, certificate(key)


def entry(month: str, number: int, cause: Cause, points: float, **more: Any) -> ScoreEntry:
    key = f"t-{month}-{number}:{cause}"
    at_ms = START_MS + number * DAY_MS
    return ScoreEntry("acme", month, key, cause, points, f"t-{month}-{number}", at_ms, "2026.1", **more)


def month(name: str, value: float, *entries: ScoreEntry, is_running: bool = False, **more: Any) -> MonthRecord:
    parts = dict.fromkeys(Dimension, value)
    score = Score("acme", name, value, grade_of(value), 100.0, entries, parts, WEIGHTS, more.pop("frozen", frozenset()))
    return MonthRecord(score, more.pop("objections", ()), is_running)


def year() -> CreditRecord:
    """Twelve months up to March 2026, of every grade, with entries of every cause and an objection."""
    values = (96.5, 92.25, 88.0, 74.5, 61.0, 43.75, 55.0, 71.2, 83.4, 90.0, 94.8, 97.1)
    names = months_between(None, None, "2026-03")
    kept = []
    for at, (name, value) in enumerate(zip(names, values, strict=True)):
        listed = [entry(name, n, cause, -2.5) for n, cause in enumerate(Cause, start=1)] if at % 3 == 2 else []
        listed = [
            ScoreEntry(*[getattr(one, field) for field in one.__slots__][:8], parts=SIDES, rule="reactor-heat@3", evidence=("p-1", "p-2"))
            for one in listed
        ]  # fmt: skip
        objections = (an_objection(name, listed[3].key),) if listed else ()
        kept.append(
            month(
                name,
                value,
                *listed,
                is_running=at == 11,
                objections=objections,
                frozen=frozenset(one.entry_key for one in objections),
            )
        )
    return CreditRecord(ENTERPRISE, ZONE, tuple(kept))


def an_objection(month: str, key: str) -> Objection:
    return Objection(
        f"o-{month}", "acme", month, key, "退回所列照片当时已上传，见平台上传记录 <b>原件</b> & 说明", "someone", START_MS, START_MS + DAY_MS,
        ObjectionState.OPEN,
    )  # fmt: skip
