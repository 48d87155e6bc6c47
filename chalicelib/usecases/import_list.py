"""Take a list of the registry in, row by row, each whole or not at all, by the very use cases that register one thing.

Tried on a desk whose rows are forgotten, the same says what would come of it: every wrong cell, and of each right row whether it is new.
The same rows again change nothing.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from chalicelib.domain.access import Action, require
from chalicelib.domain.errors import ContentConflict, FieldError, InvalidRequest, NotFound, WriteConflict
from chalicelib.domain.exchange import ListName, column_of
from chalicelib.domain.exchange_columns import COLUMNS
from chalicelib.domain.person import Person
from chalicelib.ports import CatalogueRepo, Clock, LinkRepo, PackRepo, RegistryRepo
from chalicelib.usecases import register
from chalicelib.usecases.keep_links import put_link
from chalicelib.usecases.keep_resources import Resources, put_resource
from chalicelib.usecases.keep_targets import Targets, put_target


class RowOutcome(StrEnum):
    NEW = "new"
    CHANGED = "changed"
    SAME = "same"
    WRONG = "wrong"


@dataclass(frozen=True, slots=True)
class RowIn:
    """`number` counts rows from 1, the headings not included. `value` is what the use case takes: fields, or the thing itself; `wrong` is
    what was found before that."""

    number: int
    id: str
    value: Any = None
    wrong: tuple[FieldError, ...] = ()


@dataclass(frozen=True, slots=True)
class RowResult:
    """Wrong cells by column."""

    number: int
    id: str
    outcome: RowOutcome
    wrong: tuple[FieldError, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportDesk:
    """The ports that lists go to."""

    registry: RegistryRepo
    catalogues: CatalogueRepo
    packs: PackRepo
    links: LinkRepo
    resources: Resources
    targets: Targets
    clock: Clock


def import_list(name: ListName, rows: Sequence[RowIn], person: Person, *, import_desk: ImportDesk) -> list[RowResult]:
    """What came of each row, in order. A row that is wrong writes nothing and holds up no other."""
    require(person, Action.IMPORT)
    seen: set[str] = set()
    return [_import(name, row, seen, person, import_desk) for row in rows]


def _import(name: ListName, row: RowIn, seen: set[str], person: Person, desk: ImportDesk) -> RowResult:
    if row.id and row.id in seen:
        return _wrong(row, [*row.wrong, FieldError("id", "repeated", row.id)])
    seen.add(row.id)
    if row.wrong:
        return _wrong(row, row.wrong)
    find, put = FINDERS[name], PUTTERS[name]
    before = find(row.id, row.value, desk)
    try:
        put(row.id, row.value, person, desk)
    except InvalidRequest as error:
        columns = COLUMNS[name]
        return _wrong(row, [FieldError(column_of(e.field, columns), e.code, e.detail) for e in error.errors])
    except NotFound as error:
        what = str(error.params["what"])
        return _wrong(row, [FieldError(f"{what}_id", "not_registered", str(_named(row.value, f"{what}_id")))])
    except ContentConflict:
        return _wrong(row, [FieldError("id", "taken", row.id)])
    except WriteConflict:
        return _wrong(row, [FieldError("id", "changing", row.id)])
    after = find(row.id, row.value, desk)
    outcome = RowOutcome.NEW if before is None else RowOutcome.SAME if before == after else RowOutcome.CHANGED
    return RowResult(row.number, row.id, outcome)


def _wrong(row: RowIn, errors: Iterable[FieldError]) -> RowResult:
    return RowResult(row.number, row.id, RowOutcome.WRONG, tuple(errors))


def _named(value: Any, name: str) -> Any:
    return value.get(name) or "" if isinstance(value, Mapping) else getattr(value, name, "")


def _put_enterprise(id: str, value: Any, person: Person, desk: ImportDesk) -> None:
    register.put_enterprise(
        id, value, registry=desk.registry, catalogues=desk.catalogues, packs=desk.packs, clock=desk.clock
    )


def _put_unit(id: str, value: Any, person: Person, desk: ImportDesk) -> None:
    register.put_unit(id, value, registry=desk.registry, catalogues=desk.catalogues, packs=desk.packs, clock=desk.clock)


def _put_point(id: str, value: Any, person: Person, desk: ImportDesk) -> None:
    register.put_point(id, value, registry=desk.registry, catalogues=desk.catalogues)


def _put_person(id: str, value: Any, person: Person, desk: ImportDesk) -> None:
    register.put_person(id, value, registry=desk.registry, packs=desk.packs, clock=desk.clock)


def _put_link(id: str, value: Any, person: Person, desk: ImportDesk) -> None:
    put_link(value, person, links=desk.links, registry=desk.registry, catalogues=desk.catalogues)


def _put_resource(id: str, value: Any, person: Person, desk: ImportDesk) -> None:
    put_resource(value, person, resources=desk.resources, registry=desk.registry, clock=desk.clock)


def _put_target(id: str, value: Any, person: Person, desk: ImportDesk) -> None:
    put_target(
        value, person, targets=desk.targets, registry=desk.registry, catalogues=desk.catalogues, clock=desk.clock
    )


PUTTERS: Mapping[ListName, Callable[[str, Any, Person, ImportDesk], None]] = {
    ListName.ENTERPRISES: _put_enterprise,
    ListName.UNITS: _put_unit,
    ListName.POINTS: _put_point,
    ListName.PEOPLE: _put_person,
    ListName.LINKS: _put_link,
    ListName.RESOURCES: _put_resource,
    ListName.TARGETS: _put_target,
}


def _find_enterprise(id: str, value: Any, desk: ImportDesk) -> Any:
    profile = desk.registry.profile(id)
    return None if profile is None else profile.enterprise


def _find_point(id: str, value: Any, desk: ImportDesk) -> Any:
    unit = desk.registry.unit(str(_named(value, "unit_id")))
    profile = desk.registry.profile(unit.enterprise_id) if unit else None
    return profile.points_by_id.get(id) if profile else None


def _find_edition(known: Any) -> Any:
    return None if known is None or known.is_removed else known.value


FINDERS: Mapping[ListName, Callable[[str, Any, ImportDesk], Any]] = {
    ListName.ENTERPRISES: _find_enterprise,
    ListName.UNITS: lambda id, value, desk: desk.registry.unit(id),
    ListName.POINTS: _find_point,
    ListName.PEOPLE: lambda id, value, desk: desk.registry.person(id),
    ListName.LINKS: lambda id, value, desk: desk.links.get(id),
    ListName.RESOURCES: lambda id, value, desk: _find_edition(desk.resources.get(id)),
    ListName.TARGETS: lambda id, value, desk: _find_edition(desk.targets.get(id)),
}
