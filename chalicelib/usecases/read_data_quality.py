"""Work out how much of a day's readings is fit to be judged, and why the rest is not."""

from dataclasses import dataclass

from chalicelib.domain.access import Action, require
from chalicelib.domain.completeness import Span
from chalicelib.domain.data_quality import Fitness, PointFitness, fitness_of, total
from chalicelib.domain.dimension import Dimension
from chalicelib.domain.errors import NotFound
from chalicelib.domain.mark import Mark
from chalicelib.domain.person import Person
from chalicelib.ports import BlockRepo, CatalogueRepo, RegistryRepo
from chalicelib.usecases.find_marks import find_marks
from chalicelib.usecases.see_enterprise import see_enterprise


@dataclass(frozen=True, slots=True)
class DataQuality:
    points: tuple[PointFitness, ...]
    marks: tuple[Mark, ...]

    @property
    def whole(self) -> Fitness:
        return total(one.fitness for one in self.points)

    def of_units(self) -> dict[str, Fitness]:
        units = dict.fromkeys(one.unit_id for one in self.points)
        return {unit: total(one.fitness for one in self.points if one.unit_id == unit) for unit in units}

    def of_dimensions(self) -> dict[Dimension, Fitness]:
        found = {one.dimension for one in self.points}
        return {d: total(one.fitness for one in self.points if one.dimension is d) for d in Dimension if d in found}


def read_data_quality(
    enterprise_id: str,
    span: Span,
    unit_id: str | None,
    person: Person,
    *,
    registry: RegistryRepo,
    catalogues: CatalogueRepo,
    blocks: BlockRepo,
) -> DataQuality:
    """Of all units, or of one. Raises NotFound, or InvalidRequest (`too_much_for_units`) for a day that must be asked for unit by unit."""
    require(person, Action.READ_READINGS)
    profile = see_enterprise(enterprise_id, person, registry=registry)
    units = profile.units if unit_id is None else tuple(one for one in profile.units if one.id == unit_id)
    if unit_id is not None and not units:
        raise NotFound(what="unit")
    catalogue = catalogues.current()
    marked = find_marks(profile, units, span, catalogue, blocks=blocks)
    points = tuple(
        PointFitness(
            point.id,
            one.unit.id,
            catalogue.indicators[point.indicator].dimension,
            fitness_of(one.series[point.id].times_ms, (mark for mark in one.marks if mark.point_id == point.id), span),
        )
        for one in marked
        for point in profile.points_of(one.unit.id)
    )
    marks = sorted((mark for one in marked for mark in one.marks), key=lambda mark: (mark.from_ms, mark.point_id))
    return DataQuality(points, tuple(marks))
