"""Asks a running bridge over its socket file. Raises NoBridge when nobody answers there."""

import http.client
import json
import socket
from typing import Any, ClassVar, cast

from green_shield_bridge.errors import BridgeError
from green_shield_bridge.operate.status_model import Snapshot
from green_shield_bridge.operate.unix_socket import address_of

MAX_REPLY_BYTES = 64 * 1024 * 1024
TIMEOUT_S = 10.0


class NoBridge(BridgeError):
    """No bridge answers on this socket."""

    code: ClassVar[str] = "no_bridge"
    exit_status: ClassVar[int] = 4


class _Connection(http.client.HTTPConnection):
    def __init__(self, path: str, timeout_s: float) -> None:
        super().__init__("localhost", timeout=timeout_s)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        with address_of(self._path) as address:
            self.sock.connect(address)


def ask(path: str, what: str, timeout_s: float = TIMEOUT_S) -> tuple[int, dict[str, Any]]:
    """(HTTP status, document) of `what`, such as /health. Raises NoBridge."""
    connection = _Connection(path, timeout_s)
    try:
        connection.connect()
    except PermissionError as error:
        raise NoBridge(f"{path}: not allowed to this user; run the command as the bridge's user or root") from error
    except OSError as error:
        raise NoBridge(f"no bridge answers on {path} ({error.strerror or error})") from error
    try:
        connection.request("GET", what)
        reply = connection.getresponse()
        document = json.loads(reply.read(MAX_REPLY_BYTES))
        return reply.status, document
    except (http.client.HTTPException, ConnectionError, ValueError) as error:  # it may hang up before it was asked, too
        raise NoBridge(f"what answers on {path} is not a bridge, or is just ending ({type(error).__name__})") from error
    except OSError as error:
        raise NoBridge(f"no bridge answers on {path} ({error.strerror or error})") from error
    finally:
        connection.close()


def ask_status(path: str, timeout_s: float = TIMEOUT_S) -> Snapshot:
    status, document = ask(path, "/status", timeout_s)
    if status != 200:
        raise NoBridge(f"the bridge on {path} could not say ({status}: {document.get('detail')})")
    return cast(Snapshot, document)
