"""Some disk space held back, to be given up when the disk is full so that losses can still be written down."""

import os
from pathlib import Path


class Reserve:
    """A file of `size` bytes beside the spool, really allocated."""

    def __init__(self, path: str, size: int) -> None:
        self._file = Path(f"{path}.reserve")
        self._size = size

    @property
    def stands(self) -> bool:
        return self._file.exists()

    def free_bytes(self) -> int:
        """What the file system still has for this user, without the reserve."""
        room = os.statvfs(self._file.parent)
        return room.f_bavail * room.f_frsize

    def make(self, spare_bytes: int) -> bool:
        """Make it where it is missing and there is room for it and `spare_bytes` more. True when it stands."""
        if self.stands:
            return True
        if self.free_bytes() < self._size + spare_bytes:
            return False
        handle = os.open(self._file, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            os.posix_fallocate(handle, 0, max(1, self._size))
        except OSError:
            self._file.unlink(missing_ok=True)
            return False
        finally:
            os.close(handle)
        return True

    def give_up(self) -> bool:
        """True when there was something to give."""
        had_it = self.stands
        self._file.unlink(missing_ok=True)
        return had_it
