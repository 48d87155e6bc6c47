"""The commands keygen and token."""

import argparse
import time
from pathlib import Path

from green_shield_bridge.errors import BridgeError


def add(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    keygen = commands.add_parser(
        "keygen", help="make the bridge's key; prints the public half, which the park's administrator registers"
    )
    keygen.add_argument(
        "--out", required=True, metavar="PATH", help="new key file, mode 0600; an existing file is never overwritten"
    )
    keygen.add_argument("--jwk", action="store_true", help="print the public key as a JWK instead of PEM")
    keygen.add_argument("--bridge-id", metavar="ID", help="put this id into the JWK as kid")
    keygen.set_defaults(command=_keygen)

    token = commands.add_parser(
        "token", help="print a token for one upload by hand, good for five minutes and for exactly the bytes of a file"
    )
    token.add_argument("--bridge-id", required=True, metavar="ID", help="the bridge's id in the park's registry")
    token.add_argument("--key-file", required=True, metavar="PATH", help="the bridge's key, as keygen made it")
    token.add_argument("body_file", metavar="BODY_FILE", help="the upload, exactly as it will be sent")
    token.set_defaults(command=_token)


def _keygen(options: argparse.Namespace) -> None:
    from green_shield_bridge.upload.identity import make_key_file, public_jwk, public_pem

    key = make_key_file(options.out)
    print(public_jwk(key, options.bridge_id) if options.jwk else public_pem(key).rstrip())


def _token(options: argparse.Namespace) -> None:
    from green_shield_bridge.upload.identity import Identity, read_key

    try:
        body = Path(options.body_file).read_bytes()
    except OSError as error:
        raise BridgeError(f"body file {options.body_file}: {error.strerror}") from error
    identity = Identity(options.bridge_id, read_key(options.key_file))
    print(identity.token_for(body, int(time.time())))
