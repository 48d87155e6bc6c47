"""The key file and the tokens."""

import hashlib
import json
import os
import stat
from pathlib import Path

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from green_shield_bridge.cli.main import main
from green_shield_bridge.errors import CertificateError, KeyFileError
from green_shield_bridge.upload.identity import Identity, make_key_file, public_jwk, public_pem, read_key
from green_shield_bridge.upload.park_client import ParkClient


@pytest.fixture
def key_file(tmp_path):
    return str(tmp_path / "bridge.key")


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644, 0o660, 0o700 | 0o001])
def test_a_key_that_others_may_use_is_refused(key_file, mode):
    make_key_file(key_file)
    os.chmod(key_file, mode)
    with pytest.raises(KeyFileError, match=f"mode is {mode:04o}"):
        read_key(key_file)


@pytest.mark.parametrize("content", [b"", b"no key", b"\x00\xff"], ids=["nothing", "text", "bytes"])
def test_what_is_no_key_is_refused(key_file, content):
    with open(os.open(key_file, os.O_CREAT | os.O_WRONLY, 0o600), "wb") as file:
        file.write(content)
    with pytest.raises(KeyFileError, match="not an unencrypted private key"):
        read_key(key_file)


def test_a_key_of_another_kind_is_refused(key_file):
    pem = ec.generate_private_key(ec.SECP256R1()).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    with open(os.open(key_file, os.O_CREAT | os.O_WRONLY, 0o600), "wb") as file:
        file.write(pem)
    with pytest.raises(KeyFileError, match="not Ed25519"):
        read_key(key_file)


def test_a_missing_key_says_how_to_make_one(key_file):
    with pytest.raises(KeyFileError, match="keygen"):
        read_key(key_file)


def test_an_existing_key_is_never_overwritten(key_file):
    make_key_file(key_file)
    before = Path(key_file).read_text()
    with pytest.raises(KeyFileError, match="File exists"):
        make_key_file(key_file)
    assert Path(key_file).read_text() == before


def test_a_new_key_is_for_its_owner_only_whatever_the_umask(key_file):
    old = os.umask(0)
    try:
        make_key_file(key_file)
    finally:
        os.umask(old)
    assert stat.S_IMODE(os.stat(key_file).st_mode) == 0o600


def test_a_token_is_bound_to_the_body_and_lives_five_minutes(key_file):
    public = make_key_file(key_file)
    token = Identity("b1", read_key(key_file)).token_for(b"body", 1_767_225_600)
    claims = jwt.decode(
        token, public, algorithms=["EdDSA"], audience="green-shield", options={"verify_exp": False, "verify_iat": False}
    )
    assert claims["exp"] - claims["iat"] == 300
    assert claims["body_sha256"] == hashlib.sha256(b"body").hexdigest()
    assert (claims["iss"], claims["sub"]) == ("b1", "b1")
    assert jwt.get_unverified_header(token) == {"alg": "EdDSA", "kid": "b1", "typ": "JWT"}


def test_no_two_tokens_are_the_same(key_file):
    make_key_file(key_file)
    identity = Identity("b1", read_key(key_file))
    assert identity.token_for(b"", 0) != identity.token_for(b"", 0)


def test_the_identity_does_not_show_its_key(key_file):
    make_key_file(key_file)
    assert repr(Identity("b1", read_key(key_file))) == "Identity(bridge_id='b1')"


def test_the_public_key_as_pem_and_as_jwk(key_file):
    public = make_key_file(key_file)
    assert public_pem(public).startswith("-----BEGIN PUBLIC KEY-----")
    token = Identity("b1", read_key(key_file)).token_for(b"", 1_767_225_600)
    key = jwt.PyJWK(json.loads(public_jwk(public, "b1")))
    assert jwt.decode(
        token, key, algorithms=["EdDSA"], options={"verify_exp": False, "verify_aud": False, "verify_iat": False}
    )


def test_the_commands_keygen_and_check(tmp_path, capsys):
    assert main(["keygen", "--out", str(tmp_path / "k"), "--jwk", "--bridge-id", "b1"]) == 0
    assert json.loads(capsys.readouterr().out)["kid"] == "b1"
    config = tmp_path / "c.yaml"
    config.write_text("""
bridge_id: b1
server: {url: "https://park.example"}
key_file: k
spool: {path: s.db}
sources:
  - {name: d, kind: modbus_tcp, host: h, poll_interval_s: 1, address_base: 0,
     points: [{point: p, register: 0, type: int16}]}
""")
    assert main(["check", "--offline", "--config", str(config)]) == 0
    assert capsys.readouterr().out.startswith("ok: bridge b1 -> https://park.example, 1 source(s)")
    (tmp_path / "k").chmod(0o644)
    assert main(["check", "--config", str(config)]) == 2
    assert "mode is 0644" in capsys.readouterr().err


def test_the_command_token_signs_a_file_for_an_upload_by_hand(tmp_path, key_file, capsys):
    public, body = make_key_file(key_file), tmp_path / "upload.json"
    words = ["token", "--bridge-id", "b1", "--key-file", key_file, str(body)]
    assert main(words) == 1
    assert "upload.json: No such file" in capsys.readouterr().err
    body.write_bytes(b'{"series": []}\n')
    assert main(words) == 0
    claims = jwt.decode(capsys.readouterr().out.strip(), public, algorithms=["EdDSA"], audience="green-shield")
    assert (claims["iss"], claims["body_sha256"]) == ("b1", hashlib.sha256(b'{"series": []}\n').hexdigest())


def test_a_ca_file_that_cannot_be_used_is_refused(tmp_path):
    with pytest.raises(CertificateError, match=r"server\.ca_file none\.pem"):
        ParkClient("https://park.example", ca_file="none.pem", timeout_s=1, user_agent="x")


@pytest.mark.parametrize(
    "command", [[], ["run"], ["keygen"], ["token", "b.json"], ["nonsense"], ["run", "--config", "c", "--more"]]
)
def test_a_command_that_is_not_complete_is_refused(command, capsys):
    with pytest.raises(SystemExit) as caught:
        main(command)
    assert caught.value.code == 2
