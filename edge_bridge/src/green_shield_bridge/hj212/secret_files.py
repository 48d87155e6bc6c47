"""Passwords and SM4 keys: each in a file that only the bridge's own user can read. No message here holds what is in one."""

import os
import stat

from green_shield_bridge.errors import KeyFileError

_LONGEST = 1_024
_KEY_DIGITS = 32


def read_password(path: str) -> str:
    """The PW in a file: its first line. Raises KeyFileError."""
    text = _read(path)
    password = text.splitlines()[0].strip() if text.strip() else ""
    if not password or not password.isprintable() or any(mark in password for mark in ";&"):
        raise KeyFileError(f"password file {path}: holds no password; allowed: one line of text without ; and &")
    return password


def read_sm4_key(path: str) -> bytes:
    """The 16 bytes of a key that stands in a file as 32 hex digits. Raises KeyFileError."""
    try:
        key = bytes.fromhex(_read(path).strip())
    except ValueError:
        key = b""
    if len(key) * 2 != _KEY_DIGITS:
        raise KeyFileError(f"SM4 key file {path}: holds no key; allowed: {_KEY_DIGITS} hex digits")
    return key


def _read(path: str) -> str:
    try:
        with open(path, "rb") as file:
            status = os.fstat(file.fileno())
            content = file.read(_LONGEST)
    except OSError as error:
        raise KeyFileError(f"secret file {path}: {error.strerror}") from error
    mode = stat.S_IMODE(status.st_mode)
    if mode & 0o077:
        raise KeyFileError(
            f"secret file {path}: mode is {mode:04o}, so others may read it; allowed: 0600 or 0400 (chmod 600 {path})"
        )
    if status.st_uid not in (0, os.geteuid()):
        raise KeyFileError(
            f"secret file {path}: belongs to user {status.st_uid}; allowed: the user that runs the bridge, or root"
        )
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        raise KeyFileError(f"secret file {path}: is not UTF-8 text") from error
