"""Who acts here. Roles and tenancy come from our registry, never from a token's claims."""

from dataclasses import dataclass
from enum import StrEnum

from chalicelib.domain.dimension import Dimension


class Role(StrEnum):
    INSPECTOR = "inspector"
    ENTERPRISE = "enterprise"
    DEPARTMENT = "department"
    COMMITTEE = "committee"
    ADMIN = "admin"


@dataclass(frozen=True, slots=True)
class Person:
    """`dimension` is set for inspectors and departments, `enterprise_id` for enterprise people.

    An inspector works in the joint groups of `regions` x `industries`; a department in `regions` (empty: the whole park).
    `is_chief`: the inspector who is asked when nobody else of the group answers. `phone` is shown to those of the same task.
    """

    id: str
    name: str
    role: Role
    language: str = "zh-CN"
    dimension: Dimension | None = None
    enterprise_id: str | None = None
    regions: tuple[str, ...] = ()
    industries: tuple[str, ...] = ()
    on_duty: bool = True
    is_chief: bool = False
    phone: str = ""


@dataclass(frozen=True, slots=True)
class Bridge:
    """A machine identity of one enterprise. The server holds the public key only."""

    id: str
    enterprise_id: str
    public_key_pem: str
    revoked: bool = False
