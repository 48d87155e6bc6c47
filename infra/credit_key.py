"""The key that credit files are signed with, in Secrets Manager: made for a park that has no certificate of an authority, or put there.

    python -m infra.credit_key --secret green-shield/credit-file --name "某某生态工业园区管理委员会" --out park.pem
    python -m infra.credit_key --secret green-shield/credit-file --key key.pem --certificates chain.pem --out park.pem

The same command changes the key: certificates of keys before stay in the secret, so that the API goes on telling them. The private key is
written nowhere but into the secret, and never shown. Uses the ordinary AWS credentials, region and AWS_ENDPOINT_URL of the environment.
"""

import argparse
import json
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import boto3
from botocore.exceptions import ClientError
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from chalicelib.adapters.credit_signer import StoredKeySigner
from chalicelib.bootstrap import SystemClock
from chalicelib.domain.errors import SigningUnavailable

DAYS = 1095
KEPT_BEFORE = 20  # certificates: a secret holds 64 KB


def self_signed(name: str, now: datetime, days: int = DAYS) -> str:
    """A new P-256 key and its own certificate, as the secret holds them."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    usage = dict.fromkeys(
        ("key_encipherment", "data_encipherment", "key_agreement", "key_cert_sign", "crl_sign", "encipher_only", "decipher_only"),
        False,
    )  # fmt: skip
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(minutes=5))  # clocks differ
        .not_valid_after(now + timedelta(days=days))
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.KeyUsage(digital_signature=True, content_commitment=True, **usage), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, SHA256())
    )
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    return secret_of(private, certificate.public_bytes(Encoding.PEM).decode())


def secret_of(private_key: str, certificates: str, previous: str = "") -> str:
    return json.dumps({"private_key": private_key, "certificates": certificates, "previous": previous})


def following(new: str, old: str | None) -> str:
    """The new secret, with the certificates of the keys before it. The same key once more is no key before itself."""
    if old is None:
        return new
    fresh, known = json.loads(new), json.loads(old)
    own = _certificates(fresh["certificates"])[0]
    before = [_certificates(known["certificates"])[0], *_certificates(known.get("previous", ""))]
    kept = [one for one in before if one != own][:KEPT_BEFORE]
    previous = "".join(one.public_bytes(Encoding.PEM).decode() for one in kept)
    return secret_of(fresh["private_key"], fresh["certificates"], previous)


def _certificates(pem: str) -> list[x509.Certificate]:
    return x509.load_pem_x509_certificates(pem.encode()) if pem else []


def stored(secrets: Any, name: str) -> str | None:
    try:
        return str(secrets.get_secret_value(SecretId=name)["SecretString"])
    except ClientError as error:
        if error.response["Error"]["Code"] != "ResourceNotFoundException":
            raise
        return None


def put(secrets: Any, name: str, value: str) -> None:
    """Raises SigningUnavailable before anything is stored that nothing could be signed with."""
    StoredKeySigner(lambda: value, SystemClock()).key()
    try:
        secrets.create_secret(Name=name, SecretString=value)
    except ClientError as error:
        if error.response["Error"]["Code"] != "ResourceExistsException":
            raise
        secrets.put_secret_value(SecretId=name, SecretString=value)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--secret", required=True, help="name of the secret: the template's CreditSecret")
    parser.add_argument("--name", help="who signs, for a certificate made here")
    parser.add_argument("--days", type=int, default=DAYS, help=f"how long it is valid (default: {DAYS})")
    parser.add_argument(
        "--key", type=Path, help="a private key of yours (PEM, not encrypted): EC P-256, or RSA of 2048 bits or more"
    )
    parser.add_argument("--certificates", type=Path, help="its certificate, and those of the issuers behind it (PEM)")
    parser.add_argument("--out", type=Path, help="where to write the certificate that files are verified by")  # fmt: skip
    given = parser.parse_args()
    if bool(given.name) == bool(given.key and given.certificates):
        parser.error("either --name, or both --key and --certificates")
    fresh = (
        self_signed(given.name, datetime.now(UTC), given.days)
        if given.name
        else secret_of(given.key.read_text(), given.certificates.read_text())
    )
    secrets = boto3.client("secretsmanager")
    try:
        put(secrets, given.secret, following(fresh, stored(secrets, given.secret)))
    except SigningUnavailable as problem:
        print(f"error: nothing was stored: {problem.params['reason']}", file=sys.stderr)
        return 1
    if given.out:
        given.out.write_text(json.loads(fresh)["certificates"])
    print(f"{given.secret} signs from now on" + (f"; certificate: {given.out}" if given.out else ""))
    return 0


if __name__ == "__main__":
    sys.exit(main())
