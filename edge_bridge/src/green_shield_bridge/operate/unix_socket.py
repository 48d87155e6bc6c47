"""The socket file beside the spool, by which the commands of this package ask a running bridge.

It is for the bridge's own user: mode 0600 from its first moment. A path longer than a socket address may be is reached through its
folder. A file left by a killed bridge is removed only when it is a socket and nobody answers on it.
"""

import contextlib
import os
import socket
import stat
from collections.abc import Iterator

_MAX_ADDRESS_BYTES = 107  # sockaddr_un.sun_path of Linux, without its final zero
_BACKLOG = 16


class SocketTaken(OSError):
    """Somebody answers on this path, or it is something else than a socket."""


def socket_path(spool_path: str) -> str:
    return f"{spool_path}.sock"


@contextlib.contextmanager
def address_of(path: str) -> Iterator[str]:
    """An address for `path`, good within the block. Raises OSError where its folder does not exist."""
    if len(os.fsencode(path)) <= _MAX_ADDRESS_BYTES:
        yield path
        return
    folder, name = os.path.split(path)
    handle = os.open(folder, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield f"/proc/self/fd/{handle}/{name}"
    finally:
        os.close(handle)


def listen(path: str) -> socket.socket:
    """A listening socket at `path`. Raises SocketTaken, or OSError for what the system says."""
    with address_of(path) as address:
        _remove_stale(path, address)
        server = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            os.fchmod(server.fileno(), 0o600)  # before bind: Linux gives this mode to the file
            server.bind(address)
            server.listen(_BACKLOG)
        except BaseException:
            server.close()
            raise
    server.setblocking(False)
    return server


def remove(path: str, inode: int) -> None:
    """Remove the file if it is still the one with this inode number."""
    with contextlib.suppress(OSError):
        if os.lstat(path).st_ino == inode:
            os.unlink(path)


def _remove_stale(path: str, address: str) -> None:
    try:
        mode = os.lstat(path).st_mode
    except FileNotFoundError:
        return
    if not stat.S_ISSOCK(mode):
        raise SocketTaken(f"{path} exists and is not a socket")
    if _somebody_answers(address):
        raise SocketTaken(f"another process answers on {path}")
    os.unlink(path)


def _somebody_answers(address: str) -> bool:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.setblocking(False)
        try:
            probe.connect(address)
        except ConnectionRefusedError:
            return False
        except BlockingIOError:  # its queue is full: there is somebody, and busy
            return True
    return True
