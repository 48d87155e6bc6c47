"""A PDF's signature after ISO 32000 and PAdES (ETSI EN 319 142, B-B), by pyHanko: one certifying signature over the whole file, after which
nothing may be changed.

Loaded by who signs a PDF alone: pyHanko takes a third of a second to import.
"""

from collections.abc import Sequence
from io import BytesIO

from asn1crypto import keys
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign.fields import MDPPerm, SigFieldSpec, SigSeedSubFilter
from pyhanko.sign.signers import PdfSignatureMetadata, PdfSigner, SimpleSigner
from pyhanko_certvalidator.registry import SimpleCertificateStore

FIELD = "GreenShield"
DIGEST = "sha256"
ROOM_BYTES = 16_384  # for the signature with its certificates, as hex


def sign_pdf(
    pdf: bytes,
    private_key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey,
    certificates: Sequence[x509.Certificate],
) -> bytes:
    """The PDF with its signature behind it, as an incremental update. The time that it says is that of the machine: pyHanko takes no other."""
    own, *issuers = (asn1_x509.Certificate.load(one.public_bytes(Encoding.DER)) for one in certificates)
    registry = SimpleCertificateStore()
    registry.register_multiple(issuers)
    bare = private_key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    signer = SimpleSigner(signing_cert=own, signing_key=keys.PrivateKeyInfo.load(bare), cert_registry=registry)
    meta = PdfSignatureMetadata(
        field_name=FIELD,
        md_algorithm=DIGEST,
        subfilter=SigSeedSubFilter.PADES,
        certify=True,
        docmdp_permissions=MDPPerm.NO_CHANGES,
    )
    signing = PdfSigner(meta, signer=signer, new_field_spec=SigFieldSpec(FIELD))
    writer = IncrementalPdfFileWriter(BytesIO(pdf), strict=False)
    out = signing.sign_pdf(writer, bytes_reserved=ROOM_BYTES)
    return bytes(out.getbuffer())
