"""SM4 of 2025."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from green_shield_bridge.hj212.sm4 import (
    Undecipherable,
    decrypt_data_segment,
    encrypt_data_segment,
    is_encrypted_command,
    is_readable,
)

# GB/T 32907, annex A.
KEY = PLAIN = bytes.fromhex("0123456789abcdeffedcba9876543210")
CIPHER = "681EDF34D206965E86B3E94F536E4246"
HEAD = b"ST=31;CN=2011;PW=1;MN=MADEUP01;Flag=9;"
SEGMENT = HEAD + b"CP=&&DataTime=20260601080000;a21026-Rtd=1.5&&"

CLOSED = {
    "CP in the clear": SEGMENT,
    "no CP": HEAD,
    "hex of half a block": HEAD + b"CP=&&" + b"00" * 8 + b"&&",
    "half a byte": HEAD + b"CP=&&" + b"0" * 31 + b"&&",
    "a block of another key": HEAD + b"CP=&&" + b"00" * 16 + b"&&",
}


@pytest.mark.parametrize("segment", CLOSED.values(), ids=CLOSED.keys())
def test_what_does_not_open_is_refused_without_a_word_of_key_or_text(segment):
    with pytest.raises(Undecipherable) as refused:
        decrypt_data_segment(KEY, segment)
    assert KEY.hex() not in str(refused.value)
    assert "a21026" not in str(refused.value)


def test_another_key_is_refused():
    with pytest.raises(Undecipherable):
        decrypt_data_segment(bytes(16), encrypt_data_segment(KEY, SEGMENT))


@pytest.mark.parametrize("size", [0, 15, 17, 32])
def test_a_key_of_another_length_is_refused(size):
    with pytest.raises(ValueError, match="allowed: 16"):
        encrypt_data_segment(bytes(size), SEGMENT)


def test_the_block_cipher_is_that_of_the_national_standard():
    assert encrypt_data_segment(KEY, b"CP=&&" + PLAIN + b"&&") == f"CP=&&{CIPHER}&&".encode()


def test_the_head_stays_readable():
    encrypted = encrypt_data_segment(KEY, SEGMENT)
    assert encrypted.startswith(HEAD + b"CP=&&")
    assert b"a21026" not in encrypted
    assert not is_readable(encrypted)
    assert is_readable(SEGMENT)
    assert is_readable(HEAD + b"CP=&&&&")


@given(st.text(st.characters(codec="ascii", categories=("L", "N"), include_characters="=;,-."), max_size=100))
def test_what_is_encrypted_opens(cp):
    segment = HEAD + b"CP=&&x=" + cp.encode() + b"&&"
    assert decrypt_data_segment(KEY, encrypt_data_segment(KEY, segment)) == segment


def test_hex_of_either_case_is_read():
    head, cp = encrypt_data_segment(KEY, SEGMENT).split(b"CP=&&")
    assert decrypt_data_segment(KEY, head + b"CP=&&" + cp.lower()) == SEGMENT


def test_an_empty_cp_stays_empty():
    assert decrypt_data_segment(KEY, encrypt_data_segment(KEY, HEAD + b"CP=&&&&")) == HEAD + b"CP=&&&&"


COMMANDS = [
    ("2011", True),
    ("2999", True),
    ("1014", True),
    ("3020", True),
    ("1000", False),
    ("3019", False),
    ("9014", False),
    ("２011", False),
]


@pytest.mark.parametrize(("cn", "expected"), COMMANDS)
def test_which_commands_are_encrypted(cn, expected):
    assert is_encrypted_command(cn) is expected
