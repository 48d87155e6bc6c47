"""Checks green credit files: python3 verify_credit_file.py --certificate park.pem file.json file.pdf

The certificate is the park's, or that of the authority which issued it, and must come from somewhere other than the files: from the park
itself. Needs cryptography, and for PDFs pyHanko: pip install cryptography pyhanko. It needs nothing of Green Shield's and no network.
"""

import argparse
import json
import logging
import sys
import warnings
from base64 import b64decode, urlsafe_b64decode, urlsafe_b64encode
from datetime import datetime
from hashlib import sha256
from io import BytesIO
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec, padding
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

FORM = {"sort_keys": True, "separators": (",", ":"), "ensure_ascii": False}


class Wrong(Exception):
    """What does not hold, in words."""


def check_json(data, trusted):
    """The digest of the content, where the signature is the park's and the readable part says what was signed."""
    try:
        given = json.loads(data)
        parts = {name: decoded(given[name]) for name in ("payload", "protected", "signature")}
        header, told = json.loads(parts["protected"]), json.loads(parts["payload"])
        chain = [x509.load_der_x509_certificate(b64decode(one, validate=True)) for one in header["x5c"]]
        verify(chain[0].public_key(), header["alg"], parts["signature"], f"{given['protected']}.{given['payload']}")
        made_at = datetime.fromisoformat(told["made_at"])
    except (KeyError, TypeError, ValueError, InvalidSignature):
        raise Wrong("the signature does not fit") from None
    if set(given) != {"file", *parts} or given["file"] != told:
        raise Wrong("what is shown is not what was signed")
    check_chain(chain, made_at, trusted)
    content = {key: value for key, value in told.items() if key not in ("digest", "made_at")}
    if sha256(json.dumps(content, **FORM).encode()).hexdigest() != told["digest"]:
        raise Wrong("the digest is not that of the content")
    return told["digest"]


def decoded(text):
    """Base64url without padding, in the one way that it is written."""
    raw = urlsafe_b64decode(text + "=" * (-len(text) % 4))
    if urlsafe_b64encode(raw).decode().rstrip("=") != text:
        raise ValueError
    return raw


def verify(key, algorithm, signature, signed):
    if algorithm == "ES256" and isinstance(key, ec.EllipticCurvePublicKey) and len(signature) == 64:
        halves = (int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big"))
        key.verify(encode_dss_signature(*halves), signed.encode(), ec.ECDSA(SHA256()))
    elif algorithm == "RS256":
        key.verify(signature, signed.encode(), padding.PKCS1v15(), SHA256())
    else:
        raise ValueError


def check_chain(chain, moment, trusted):
    """The first is trusted, or issued by one that is, by way of the others; and each was valid when the file was made."""
    for place, one in enumerate(chain):
        if not one.not_valid_before_utc <= moment <= one.not_valid_after_utc:
            raise Wrong("the certificate was not valid when the file was made")
        if one in trusted or any(is_issued(one, issuer) for issuer in trusted):
            return
        if place + 1 == len(chain) or not is_issued(one, chain[place + 1]):
            break
    raise Wrong("the certificate is not the park's")


def is_issued(one, issuer):
    try:
        constraints = issuer.extensions.get_extension_for_class(x509.BasicConstraints).value
        one.verify_directly_issued_by(issuer)
    except (ValueError, TypeError, InvalidSignature, x509.ExtensionNotFound):
        return False
    return constraints.ca


def check_pdf(data, trusted):
    """The digest of the content that the PDF names, where its one signature covers all of it and is the park's."""
    from asn1crypto import x509 as asn1_x509
    from cryptography.hazmat.primitives.serialization import Encoding
    from pyhanko.pdf_utils.reader import PdfFileReader
    from pyhanko.sign.validation import SignatureCoverageLevel, validate_pdf_signature
    from pyhanko_certvalidator import ValidationContext

    roots = [asn1_x509.Certificate.load(one.public_bytes(Encoding.DER)) for one in trusted]
    try:
        reader = PdfFileReader(BytesIO(data))
        (signature,) = reader.embedded_regular_signatures
        moment = signature.self_reported_timestamp
        context = ValidationContext(trust_roots=roots, moment=moment, allow_fetching=False)
        status = validate_pdf_signature(signature, context)
        is_whole = status.coverage is SignatureCoverageLevel.ENTIRE_FILE and is_as_made(signature, data)
        digest = str(reader.trailer["/Info"]["/Keywords"]).removeprefix("sha256:")
    except Exception as problem:  # a changed byte may break a PDF anywhere, and each break is the same to us
        raise Wrong("the file is broken, or has no signature") from problem
    if not (status.intact and status.valid and is_whole):
        raise Wrong("the file was changed after it was signed")
    if not status.bottom_line:
        raise Wrong("the certificate is not the park's, or was not valid when the file was made")
    return digest


def is_as_made(signature, data):
    """What no signature covers, the room for it and its own envelope, in the one way that it is written. Raises ValueError."""
    from asn1crypto import cms
    from cryptography.hazmat.primitives.serialization.pkcs7 import load_der_pkcs7_certificates

    first, length, second, rest = (int(one) for one in signature.byte_range)
    room, raw = data[length:second], bytes(signature.pkcs7_content)
    raw = raw[: 4 + int.from_bytes(raw[2:4], "big")]  # behind it are zeros
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        load_der_pkcs7_certificates(raw)  # warns of what is not strictly DER
    said, signer = cms.ContentInfo.load(raw)["content"], signature.signer_info
    return (
        (first, second + rest) == (0, len(data))
        and room == b"<" + raw.hex().upper().encode().ljust(len(room) - 2, b"0") + b">"
        and [one.dump() for one in said["digest_algorithms"]] == [signer["digest_algorithm"].dump()]
        and signer["sid"].chosen["issuer"].dump() == signature.signer_cert.issuer.dump()
        and {said["version"].native, signer["version"].native} == {"v1"}
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--certificate", type=Path, required=True, help="certificates to trust (PEM)")
    parser.add_argument("files", type=Path, nargs="+", help="credit files: .json, .pdf")
    given = parser.parse_args()
    logging.disable(logging.CRITICAL)  # the verdict says it
    trusted = x509.load_pem_x509_certificates(given.certificate.read_bytes())
    failed = False
    for file in given.files:
        check = check_pdf if file.suffix.lower() == ".pdf" else check_json
        try:
            verdict = f"intact, content {check(file.read_bytes(), trusted)}"
        except Wrong as problem:
            verdict, failed = f"NOT valid: {problem}", True
        sys.stdout.write(f"{file}: {verdict}\n")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
