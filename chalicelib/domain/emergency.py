"""Emergency resources: what stands where for an emergency, how much of it, who answers for it now, and what of it is nearest.

A resource counts as available only where there is enough of it, it can be used, and somebody has looked within its interval.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from enum import StrEnum
from math import hypot

from chalicelib.domain.geo import offset_m
from chalicelib.domain.person import Person, Role
from chalicelib.domain.photo import Position
from chalicelib.domain.preferences import QuietHours

DAY_MS = 86_400_000
NEAREST = 5
MASK = "****"


class ResourceKind(StrEnum):
    FIREFIGHTING = "firefighting"
    CONTAINMENT = "containment"
    ABSORBENT = "absorbent"
    PROTECTION = "protection"
    MEDICAL = "medical"
    MONITORING = "monitoring"
    VEHICLE = "vehicle"
    POWER = "power_supply"
    COMMUNICATION = "communication"
    TEAM = "team"
    SHELTER = "shelter"
    OTHER = "other"


class Availability(StrEnum):
    AVAILABLE = "available"
    SHORT = "short"  # less than the least that there should be
    UNCHECKED = "unchecked"  # nobody has looked within the interval
    NONE = "none"  # there is none left, or it cannot be used


@dataclass(frozen=True, slots=True)
class OnCall:
    """Who answers for it, on `days` (1 Monday to 7; of a night through, the day on which it begins) in `hours` by the park's clock;
    None: round the clock. `person_id` is who that is, where they are registered: a task of tier 3 nearby calls them."""

    name: str
    phone: str
    days: tuple[int, ...]
    hours: QuietHours | None = None
    person_id: str = ""

    def is_at(self, at_ms: int, zone: tzinfo) -> bool:
        now = datetime.fromtimestamp(at_ms / 1000, UTC).astimezone(zone)
        if self.hours is None:
            return now.isoweekday() in self.days
        if self.hours.end_ms(at_ms, zone) is None:
            return False
        is_past_midnight = self.hours.ends <= self.hours.begins and now.time().replace(tzinfo=None) < self.hours.ends
        return (now - timedelta(days=1 if is_past_midnight else 0)).isoweekday() in self.days


@dataclass(frozen=True, slots=True)
class EmergencyResource:
    """`enterprise_id` is whose it is, empty: the park's. `quantity` of `unit` are there, of which at least `least` should be.
    `checked_at_ms` None: nobody has looked yet."""

    id: str
    name: str
    kind: ResourceKind
    region: str
    enterprise_id: str
    where: str
    position: Position
    quantity: float
    unit: str
    least: float = 0.0
    is_usable: bool = True
    on_call: tuple[OnCall, ...] = ()
    check_every_days: int = 90
    checked_at_ms: int | None = None
    checked_by: str = ""
    note: str = ""

    def availability_at(self, at_ms: int) -> Availability:
        if self.quantity <= 0 or not self.is_usable:
            return Availability.NONE
        if self.checked_at_ms is None or at_ms > self.checked_at_ms + self.check_every_days * DAY_MS:
            return Availability.UNCHECKED
        return Availability.SHORT if self.quantity < self.least else Availability.AVAILABLE


@dataclass(frozen=True, slots=True)
class NearResource:
    """`distance_m` is as the crow flies; None: where the enterprise stands is not known."""

    resource: EmergencyResource
    distance_m: float | None


def nearest(
    resources: Iterable[EmergencyResource], origin: Position | None, region: str, at_ms: int, count: int = NEAREST
) -> tuple[NearResource, ...]:
    """What can be used, the nearest first. Without an origin: what stands in the region, by id."""
    usable = [one for one in resources if one.availability_at(at_ms) is not Availability.NONE]
    if origin is None:
        own = sorted((one for one in usable if one.region == region), key=lambda one: one.id)
        return tuple(NearResource(one, None) for one in own[:count])
    found = [NearResource(one, hypot(*offset_m(origin, one.position))) for one in usable]
    return tuple(sorted(found, key=lambda one: (one.distance_m or 0.0, one.resource.id))[:count])


def called_by(near: Iterable[NearResource], at_ms: int, zone: tzinfo) -> frozenset[str]:
    """Registered people who answer for those resources now."""
    on_call = (who for one in near for who in one.resource.on_call if who.person_id and who.is_at(at_ms, zone))
    return frozenset(who.person_id for who in on_call)


def may_see(person: Person, resource: EmergencyResource) -> bool:
    """The park's are for everybody who works in its region, and for every enterprise; an enterprise's own is not for other enterprises."""
    match person.role:
        case Role.ENTERPRISE:
            return resource.enterprise_id in ("", person.enterprise_id)
        case Role.INSPECTOR:
            return resource.region in person.regions
        case Role.DEPARTMENT:
            return not person.regions or resource.region in person.regions
        case Role.COMMITTEE | Role.ADMIN:
            return True


def may_see_phones(person: Person, resource: EmergencyResource) -> bool:
    """Outside an emergency: who keeps the list, and whose resource it is."""
    if person.role is Role.ENTERPRISE:
        return person.enterprise_id == resource.enterprise_id
    return person.role is not Role.INSPECTOR


def masked(phone: str) -> str:
    """Enough to tell two numbers apart: the first three and the last two digits; nothing of a short one."""
    return phone[:3] + MASK + phone[-2:] if len(phone) >= len(MASK) + 5 else MASK
