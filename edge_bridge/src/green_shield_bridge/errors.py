"""Every problem the bridge can end with: one class each, one stable code, one exit status for the shell."""

from typing import ClassVar


class BridgeError(Exception):
    """A problem somebody can act on; its text says what and where."""

    code: ClassVar[str] = "bridge_error"
    exit_status: ClassVar[int] = 1


class KeyFileError(BridgeError):
    code = "key_file"
    exit_status = 2


class CertificateError(BridgeError):
    code = "ca_file"
    exit_status = 2


class RestartNeeded(BridgeError):
    """A reloaded configuration changes what a running bridge cannot change."""

    code = "restart_needed"
    exit_status = 2


class SpoolError(BridgeError):
    """The spool cannot be used, for a reason SQLite gave."""

    code = "spool"
    exit_status = 3


class SpoolBusy(SpoolError):
    code = "spool_busy"


class SpoolFull(SpoolError):
    code = "spool_full"


class SpoolDamaged(SpoolError):
    code = "spool_damaged"
