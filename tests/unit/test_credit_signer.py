"""Signing credit files: what may not sign, what a signature shows, and that a change is found. Refusals first."""

import json
import traceback
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.adapters.credit_print import PdfCreditPrinter
from chalicelib.adapters.credit_signer import NoSigner, StoredKeySigner, read_secret
from chalicelib.bootstrap import build
from chalicelib.domain.credit_file import document_of, payload_of
from chalicelib.domain.errors import RetryLater, SigningUnavailable
from tests.credit import ZONE, certificate, ec_key, park_key, pem, private_pem, rsa_key, secret, year
from tests.park import SETTINGS, START_MS, FakeClock
from tests.verifier import SCRIPT

PAYLOAD = payload_of(document_of(year(), START_MS))


def signer(held: str | Callable[[], str]) -> StoredKeySigner:
    return StoredKeySigner(held if callable(held) else lambda: held, FakeClock())


def small_rsa() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, 1024)  # noqa: S505 - to see it refused


# refusals


def troubles() -> list[Any]:
    key, own = park_key()
    stranger = certificate(ec_key())
    edwards = ed25519.Ed25519PrivateKey.generate()
    p384 = ec.generate_private_key(ec.SECP384R1())
    weak = small_rsa()
    return [
        pytest.param("", "key_unusable", id="nothing in the secret"),
        pytest.param("{}", "key_unusable", id="a secret without a key"),
        pytest.param("[]", "key_unusable", id="a secret that is a list"),
        pytest.param(private_pem(key), "key_unusable", id="a bare key"),
        pytest.param(secret(key, own).replace("MIG", "MIX", 1), "key_unusable", id="a garbled key"),
        pytest.param(
            json.dumps({"private_key": private_pem(key), "certificates": "-----BEGIN CERTIFICATE-----"}),
            "key_unusable",
            id="a garbled certificate",
        ),
        pytest.param(json.dumps({"private_key": private_pem(key), "certificates": ""}), "key_unusable", id="none"),
        pytest.param(secret(key, stranger), "certificate_of_another_key", id="the certificate of another key"),
        pytest.param(secret(key, own, stranger), "key_unusable", id="a chain that is none"),
        pytest.param(secret(weak, certificate(weak)), "key_unusable", id="an RSA key that is too short"),
        pytest.param(secret(p384, certificate(p384)), "key_unusable", id="a curve that we do not sign with"),
        pytest.param(
            json.dumps({"private_key": private_pem(edwards), "certificates": pem(own)}), "key_unusable", id="Ed25519"
        ),
        pytest.param(
            secret(key, certificate(key, last=2026)), "certificate_expired", id="a certificate that ended this year"
        ),
        pytest.param(secret(key, certificate(key, first=2027)), "certificate_not_yet_valid", id="one that begins later"),
    ]  # fmt: skip


@pytest.mark.parametrize(("held", "reason"), troubles())
def test_a_key_that_may_not_sign_is_refused_with_its_reason_and_quotes_nothing(held: str, reason: str) -> None:
    one = signer(held)
    for sign in (one.key, lambda: one.sign_json(b"{}"), lambda: one.sign_pdf(b"%PDF")):
        with pytest.raises(SigningUnavailable) as refused:
            sign()
        assert refused.value.params == {"reason": reason}
        quoted = "".join(traceback.format_exception(refused.value))  # as the log of a fault would have it
        assert "PRIVATE KEY" not in quoted and not any(line in quoted for line in held.split("\\n") if len(line) > 40)


def test_without_a_secret_nothing_is_signed() -> None:
    one = build(SETTINGS).credit_signer
    assert isinstance(one, NoSigner)
    for call in (one.key, one.known_keys, lambda: one.sign_json(b"{}"), lambda: one.sign_pdf(b"%PDF")):
        with pytest.raises(SigningUnavailable, match="signing_unavailable"):
            call()


class FakeSecrets:
    """Secrets Manager, with what it says: an error, or an answer."""

    def __init__(self, said: Exception | dict[str, str]) -> None:
        self._said = said

    def get_secret_value(self, **given: str) -> dict[str, str]:
        if isinstance(self._said, Exception):
            raise self._said
        return self._said


def refusal(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": ""}}, "GetSecretValue")


@pytest.mark.parametrize(
    ("said", "raised"),
    [
        pytest.param(refusal("ResourceNotFoundException"), SigningUnavailable, id="no such secret"),
        pytest.param(refusal("AccessDeniedException"), SigningUnavailable, id="a role without the right to it"),
        pytest.param({}, SigningUnavailable, id="a secret of bytes"),
        pytest.param(refusal("ThrottlingException"), RetryLater, id="too many calls"),
        pytest.param(EndpointConnectionError(endpoint_url="x"), RetryLater, id="no line"),
    ],
)
def test_a_secret_that_cannot_be_read(said: Exception | dict[str, str], raised: type[Exception]) -> None:
    with pytest.raises(raised):
        read_secret(FakeSecrets(said), "green-shield/credit-file")


# what is signed


def chains() -> list[Any]:
    authority, own, by_rsa = ec_key(), ec_key(), rsa_key()
    root = certificate(authority, "电子认证服务机构", is_ca=True)
    issued = certificate(own, issuer=(root, authority))
    return [
        pytest.param(*park_key(), (park_key()[1],), park_key()[1], id="its own certificate"),
        pytest.param(by_rsa, certificate(by_rsa), None, None, id="RSA"),
        pytest.param(own, issued, (issued, root), root, id="an authority's, which the verifier trusts"),
        pytest.param(own, issued, (issued,), root, id="an authority's that is not in the file"),
    ]


@pytest.mark.parametrize(("key", "own", "chain", "trusted"), chains())
def test_both_forms_verify_by_the_script_and_say_the_same(key: Any, own: Any, chain: Any, trusted: Any) -> None:
    one = signer(secret(key, *(chain or (own,))))
    document = document_of(year(), START_MS)
    pdf = one.sign_pdf(PdfCreditPrinter(ZONE).print(document, one.key(), "zh-CN"))
    trust = [trusted or own]
    assert SCRIPT.check_json(as_file(one), trust) == SCRIPT.check_pdf(pdf, trust) == document["digest"]


def test_the_same_payload_is_signed_whatever_the_signature() -> None:
    one = signer(secret(*park_key()))
    first, second = one.sign_json(PAYLOAD), one.sign_json(PAYLOAD)
    assert (first.payload, first.protected) == (second.payload, second.protected)


def test_a_stranger_with_a_certificate_of_the_same_name_is_found_out() -> None:
    own, name = ec_key(), park_key()[1]
    one = signer(secret(own, certificate(own)))
    pdf = one.sign_pdf(PdfCreditPrinter(ZONE).print(document_of(year(), START_MS), one.key(), "zh-CN"))
    for check, data in ((SCRIPT.check_json, as_file(one)), (SCRIPT.check_pdf, pdf)):
        with pytest.raises(SCRIPT.Wrong, match="not the park's"):
            check(data, [name])


def test_a_plain_certificate_of_the_park_issues_no_other() -> None:
    """Whoever holds the park's key for files cannot make certificates with it."""
    key, own = park_key()
    other = ec_key()
    issued = certificate(other, "somebody else", issuer=(own, key))
    one = signer(secret(other, issued, own))
    with pytest.raises(SCRIPT.Wrong, match="not the park's"):
        SCRIPT.check_json(as_file(one), [own])


# changes are found


def as_file(one: StoredKeySigner, payload: bytes = PAYLOAD) -> bytes:
    signed = one.sign_json(payload)
    told = {"payload": signed.payload, "protected": signed.protected, "signature": signed.signature}
    return json.dumps({"file": json.loads(payload), **told}, ensure_ascii=False, separators=(",", ":")).encode()


JSON_FILE = as_file(signer(secret(*park_key())))
TRUSTED: list[x509.Certificate] = [park_key()[1]]


def a_pdf() -> bytes:
    one = signer(secret(*park_key()))
    return one.sign_pdf(PdfCreditPrinter(ZONE).print(document_of(year(), START_MS), one.key(), "zh-CN"))


PDF_FILE = a_pdf()


@settings(max_examples=200, deadline=None)
@given(st.integers(0, len(JSON_FILE) - 1), st.integers(0, 7))
def test_a_flipped_bit_anywhere_in_the_json_is_found(place: int, bit: int) -> None:
    with pytest.raises(SCRIPT.Wrong):
        SCRIPT.check_json(flipped(JSON_FILE, place, bit), TRUSTED)


@settings(max_examples=80, deadline=None)
@given(st.integers(0, len(PDF_FILE) - 1), st.integers(0, 7))
def test_a_flipped_bit_anywhere_in_the_pdf_is_found(place: int, bit: int) -> None:
    with pytest.raises(SCRIPT.Wrong):
        SCRIPT.check_pdf(flipped(PDF_FILE, place, bit), TRUSTED)


@settings(max_examples=80, deadline=None)
@given(st.integers(0, 1500), st.integers(0, 7))
def test_a_flipped_bit_in_the_pdfs_signature_itself_is_found(place: int, bit: int) -> None:
    with pytest.raises(SCRIPT.Wrong):
        SCRIPT.check_pdf(flipped(PDF_FILE, PDF_FILE.index(b"/Contents <") + 10 + place, bit), TRUSTED)


def flipped(data: bytes, place: int, bit: int) -> bytes:
    changed = bytearray(data)
    changed[place] ^= 1 << bit
    return bytes(changed)


@pytest.mark.parametrize(
    "changed",
    [
        pytest.param(PDF_FILE + b"\n% more", id="something behind it"),
        pytest.param(PDF_FILE[: PDF_FILE.rindex(b"startxref") - 5], id="its end cut off"),
        pytest.param(PDF_FILE[: PDF_FILE.index(b"%%EOF") + 6], id="its signature cut off"),
        pytest.param(b"", id="nothing"),
        pytest.param(JSON_FILE, id="another file"),
    ],
)
def test_a_pdf_that_is_not_what_was_signed_is_found(changed: bytes) -> None:
    with pytest.raises(SCRIPT.Wrong):
        SCRIPT.check_pdf(changed, TRUSTED)


@pytest.mark.parametrize(
    "changed",
    [
        pytest.param(lambda told: told | {"more": 1}, id="a member more"),
        pytest.param(lambda told: told | {"file": {**told["file"], "to": "2026-02"}}, id="what is shown"),
        pytest.param(lambda told: {k: v for k, v in told.items() if k != "signature"}, id="no signature"),
        pytest.param(lambda told: told | {"signature": ""}, id="an empty signature"),
        pytest.param(lambda told: told | {"protected": "eyJhbGciOiJub25lIn0"}, id="the algorithm none"),
    ],
)
def test_a_json_file_that_is_not_what_was_signed_is_found(changed: Any) -> None:
    with pytest.raises(SCRIPT.Wrong):
        SCRIPT.check_json(json.dumps(changed(json.loads(JSON_FILE))).encode(), TRUSTED)


# keys change


def test_files_of_an_earlier_key_stay_verifiable_and_its_certificate_is_told() -> None:
    before, fresh = park_key(), ec_key()
    one = signer(secret(fresh, certificate(fresh), previous=pem(before[1])))
    current, former = one.known_keys()
    assert (current.is_current, former.is_current) == (True, False)
    told = x509.load_pem_x509_certificate(former.certificates[0].encode())
    assert SCRIPT.check_json(JSON_FILE, [told])


def test_what_an_ended_certificate_signed_is_verified_by_it() -> None:
    key, _ = park_key()
    one = signer(secret(key, certificate(key, last=2026)))
    assert one.known_keys()[0].not_after_ms < START_MS
    with pytest.raises(SigningUnavailable):
        one.key()


def test_a_secret_is_read_once_in_a_while() -> None:
    reads: list[int] = []

    def held() -> str:
        reads.append(1)
        return secret(*park_key())

    one = signer(held)
    for _ in range(3):
        one.sign_json(b"{}")
    assert len(reads) == 1
