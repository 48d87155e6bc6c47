"""SM4 for HJ 212-2025. All of this is second-hand: it follows descriptions of the standard, not its text.

Said of the standard: SM4-ECB without padding, a key of 16 bytes for each source, on the commands 2000 to 2999, 1014 and
3020. Not said, and decided here: the head of the data segment stays readable (without MN nobody knows the key); what
stands between CP=&& and && is encrypted, padded with zero bytes to whole blocks of 16 (which is what "without padding"
leaves to the sender), and written as upper-case hex, since the protocol is text. Hex of either case is read. A device
that does it otherwise is noticed, not misread: what does not decrypt to items is refused.
"""

from cryptography.hazmat.primitives.ciphers import Cipher, modes
from cryptography.hazmat.primitives.ciphers.algorithms import SM4

KEY_BYTES = BLOCK_BYTES = 16
_OPEN, _CLOSE = b"CP=&&", b"&&"


class Undecipherable(ValueError):
    """A data segment that this key does not open. The message holds neither the key nor the text."""


def is_encrypted_command(cn: str) -> bool:
    """Whether a command's CP is encrypted where a source has a key."""
    return cn in {"1014", "3020"} or (len(cn) == 4 and cn.isascii() and cn.isdigit() and cn[0] == "2")


def encrypt_data_segment(key: bytes, segment: bytes) -> bytes:
    """A data segment with its CP encrypted. Raises ValueError where the key is not 16 bytes or there is no CP."""
    head, cp = _parts(segment)
    padded = cp + bytes(-len(cp) % BLOCK_BYTES)
    encryptor = _cipher(key).encryptor()
    return head + (encryptor.update(padded) + encryptor.finalize()).hex().upper().encode() + _CLOSE


def decrypt_data_segment(key: bytes, segment: bytes) -> bytes:
    """A data segment with its CP readable. Raises Undecipherable where it is not hex of whole blocks or not this key's."""
    try:
        head, cp = _parts(segment)
        blocks = bytes.fromhex(cp.decode("ascii"))
    except ValueError as e:
        raise Undecipherable("CP is not hex") from e
    if len(blocks) % BLOCK_BYTES:
        raise Undecipherable(f"CP has {len(blocks)} bytes; allowed: a multiple of {BLOCK_BYTES}")
    decryptor = _cipher(key).decryptor()
    plain = (decryptor.update(blocks) + decryptor.finalize()).rstrip(b"\0")
    if plain and (b"=" not in plain or not _is_text(plain)):
        raise Undecipherable("what comes out is not CP: another key, or another way to encrypt")
    return head + plain + _CLOSE


def is_readable(segment: bytes) -> bool:
    """Whether the CP of a data segment stands in the clear: empty, or with an item in it."""
    try:
        _, cp = _parts(segment)
    except ValueError:
        return True
    return not cp or b"=" in cp


def _parts(segment: bytes) -> tuple[bytes, bytes]:
    """(up to and with CP=&&, what stands in CP)."""
    head, opened, rest = segment.partition(_OPEN)
    cp, closed, _ = rest.rpartition(_CLOSE)
    if not opened or not closed:
        raise ValueError("data segment without CP")
    return head + opened, cp


def _is_text(plain: bytes) -> bool:
    try:
        return plain.decode().isprintable()
    except UnicodeDecodeError:
        return False


def _cipher(key: bytes) -> Cipher[modes.ECB]:
    if len(key) != KEY_BYTES:
        raise ValueError(f"SM4 key: {len(key)} bytes; allowed: {KEY_BYTES}")
    return Cipher(SM4(key), modes.ECB())  # noqa: S305 - the standard's choice, not ours
