"""The command that makes or puts the key of credit files: what it refuses, what it stores, and what stays when the key changes."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto import mock_aws

from chalicelib.adapters.credit_signer import StoredKeySigner, read_secret
from chalicelib.bootstrap import SystemClock
from infra.credit_key import main
from tests.credit import certificate, ec_key, park_key, pem, private_pem

NAME = "green-shield/credit-file"


@pytest.fixture
def secrets(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    for name, value in {"AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "x", "AWS_DEFAULT_REGION": "cn-north-1"}.items():  # fmt: skip
        monkeypatch.setenv(name, value)
    with mock_aws():
        client = boto3.client("secretsmanager")
        for left in client.list_secrets()["SecretList"]:  # another mock that is still up keeps what was in it
            client.delete_secret(SecretId=left["ARN"], ForceDeleteWithoutRecovery=True)
        yield client


def run(monkeypatch: pytest.MonkeyPatch, *words: str) -> int:
    monkeypatch.setattr(sys, "argv", ["credit_key", "--secret", NAME, *words])
    return main()


def signer(secrets: Any) -> StoredKeySigner:
    return StoredKeySigner(lambda: read_secret(secrets, NAME), SystemClock())


def files(folder: Path, key: Any, *chain: Any) -> tuple[str, ...]:
    (folder / "key.pem").write_text(private_pem(key))
    (folder / "chain.pem").write_text(pem(*chain))
    return "--key", str(folder / "key.pem"), "--certificates", str(folder / "chain.pem")


@pytest.mark.parametrize(
    "words",
    [
        pytest.param((), id="neither a name nor a key"),
        pytest.param(("--key", "key.pem"), id="a key without its certificate"),
        pytest.param(("--name", "x", "--key", "key.pem", "--certificates", "c.pem"), id="both"),
    ],
)
def test_what_does_not_say_which_key_is_refused(
    secrets: Any, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        run(monkeypatch, *words)
    assert "either --name, or both" in capsys.readouterr().err


def test_a_key_that_could_not_sign_is_not_stored(
    secrets: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    key = ec_key()
    assert run(monkeypatch, *files(tmp_path, key, certificate(key, last=2021))) == 1
    assert "certificate_expired" in capsys.readouterr().err
    assert secrets.list_secrets()["SecretList"] == []


def test_a_park_without_an_authority_gets_a_key_and_the_certificate_to_publish(
    secrets: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "park.pem"
    assert run(monkeypatch, "--name", "示范园区", "--out", str(out)) == 0
    key = signer(secrets).key()
    assert (key.subject, key.certificates[0]) == ("CN=示范园区", out.read_text())
    assert "PRIVATE" not in capsys.readouterr().out + out.read_text()


def test_a_changed_key_keeps_the_certificates_of_those_before_it(
    secrets: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    subjects = ("一", "二", "三")
    for name in subjects:
        run(monkeypatch, "--name", name)
    assert [one.subject for one in signer(secrets).known_keys()] == ["CN=三", "CN=二", "CN=一"]
    run(monkeypatch, *files(tmp_path, *park_key()))
    run(monkeypatch, *files(tmp_path, *park_key()))  # the same once more
    keys = signer(secrets).known_keys()
    assert [one.subject for one in keys] == ["CN=示范园区", "CN=三", "CN=二", "CN=一"]
    assert [one.is_current for one in keys] == [True, False, False, False]
    assert set(json.loads(secrets.get_secret_value(SecretId=NAME)["SecretString"])) == {
        "private_key",
        "certificates",
        "previous",
    }
