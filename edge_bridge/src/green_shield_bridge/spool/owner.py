"""The lock file beside the spool: who owns it, and how far it had come.

One process owns a spool for as long as it lives; the kernel drops the lock however the process ends. The file also
holds, written after each commit, the spool's id, how many readings were produced and how many settled (acknowledged,
quarantined or dropped), and what waits. A database that knows of fewer has lost commits: with acknowledgements its rows may
be at the park already, with readings alone they are the rows that are missing. Of a database that cannot be read it says
what is lost.
"""

import fcntl
import os
from dataclasses import dataclass

from green_shield_bridge.errors import SpoolBusy, SpoolError

_NUMBERS = 5
_DIGITS = 19
_ID_CHARACTERS = 36
_LINE_BYTES = _ID_CHARACTERS + _NUMBERS * (1 + _DIGITS) + 1


@dataclass(frozen=True, slots=True)
class Witness:
    """`newest`: the highest row number ever given; `oldest`, `oldest_ms`: of the oldest row that waits, 0 where none does."""

    spool_id: str
    settled: int
    produced: int = 0
    newest: int = 0
    oldest: int = 0
    oldest_ms: int = 0

    @property
    def waiting(self) -> int:
        return max(0, self.produced - self.settled)


class Owner:
    """Raises SpoolBusy where another process owns the spool, SpoolError where the folder cannot be used."""

    def __init__(self, path: str) -> None:
        try:
            self._handle = os.open(f"{path}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise SpoolError(f"spool {path}: {error.strerror}; the folder must exist and be writable") from error
        try:
            fcntl.flock(self._handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(self._handle)
            raise SpoolBusy(f"spool {path}: another bridge is using it; one spool belongs to one bridge") from error

    def witness(self) -> Witness | None:
        """What the file says; None where it says nothing that can be understood."""
        parts = os.pread(self._handle, _LINE_BYTES, 0).decode("ascii", "replace").split()
        numbers = parts[1:]
        if len(numbers) != _NUMBERS or len(parts[0]) != _ID_CHARACTERS or not all(map(_is_number, numbers)):
            return None
        return Witness(parts[0], *map(int, numbers))

    def testify(self, seen: Witness) -> bool:
        """Write it down; False where the disk does not even take this. The line has one length, so it allocates once."""
        numbers = (seen.settled, seen.produced, seen.newest, seen.oldest, seen.oldest_ms)
        line = " ".join([seen.spool_id, *(f"{number:>{_DIGITS}}" for number in numbers)]) + "\n"
        try:
            os.pwrite(self._handle, line.encode("ascii"), 0)
        except OSError:
            return False
        return True

    def close(self) -> None:
        os.close(self._handle)


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit()
