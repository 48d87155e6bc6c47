"""Find emissions that rise without their cause, and tell the environment department: its treatment may be failing."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from chalicelib.domain.catalogue import Catalogue
from chalicelib.domain.dimension import Dimension
from chalicelib.domain.enterprise import Profile
from chalicelib.domain.errors import NotFound
from chalicelib.domain.events import ObservationOpened
from chalicelib.domain.law import Law, Measured
from chalicelib.domain.observation import Finding, Observation, ObservationKind, Verdict, observation_id
from chalicelib.ports import BlockRepo, CatalogueRepo, LawRepo, ObservationRepo, RegistryRepo

if TYPE_CHECKING:
    from chalicelib.domain.decoupling import Episode
    from chalicelib.domain.law_grid import Minutes

LOOK_BACK_MS = 48 * 3_600_000  # so late may data be
LONGEST_MS = 30 * 86_400_000
MINUTE_MS, HOUR_MS = 60_000, 3_600_000
RECENT_OBSERVATIONS = 100


def find_decoupling(
    unit_id: str,
    now_ms: int,
    *,
    registry: RegistryRepo,
    catalogues: CatalogueRepo,
    blocks: BlockRepo,
    laws: LawRepo,
    observations: ObservationRepo,
) -> tuple[Observation, ...]:
    """Open, and close, the observations of a unit's last two days. Returns those that were opened or closed; doing it twice changes
    nothing. Raises NotFound for a unit that there is not."""
    unit = registry.unit(unit_id)
    profile = registry.profile(unit.enterprise_id) if unit else None
    if profile is None:
        raise NotFound(what="unit")
    known = _known(unit_id, profile.enterprise.id, observations)
    since_ms = _since(known, now_ms)
    learnt = laws.latest(unit_id, since_ms) or laws.latest(unit_id)
    own = [law for law in learnt.laws if law.response.dimension is Dimension.ENVIRONMENT] if learnt else []
    catalogue = catalogues.current()
    changed = _settle(own, known, (since_ms, now_ms), profile, catalogue, blocks) if own else ()
    before = {one.id for one in known}
    for one in changed:
        if one.id in before:
            observations.save(one)
        else:
            observations.add([one], [ObservationOpened(one.enterprise_id, one.opened_at_ms, "", one.id)])
    return changed


def _known(unit_id: str, enterprise_id: str, observations: ObservationRepo) -> tuple[Observation, ...]:
    recent = observations.listing(enterprise_id, None, RECENT_OBSERVATIONS).items
    return tuple(one for one in recent if one.kind is ObservationKind.DECOUPLED and one.unit_id == unit_id)


def _since(known: Sequence[Observation], now_ms: int) -> int:
    """From the onset of what is still open, else from two days ago; on the hour, so that grids meet from run to run."""
    onsets = [one.onset_ms for one in known if one.closed_at_ms is None]
    since_ms = max(min([now_ms - LOOK_BACK_MS, *onsets]), now_ms - LONGEST_MS)
    return since_ms - since_ms % HOUR_MS


def _settle(
    laws: Sequence[Law],
    known: Sequence[Observation],
    span: tuple[int, int],
    profile: Profile,
    catalogue: Catalogue,
    blocks: BlockRepo,
) -> tuple[Observation, ...]:
    """What there is to store, by response."""
    from chalicelib.domain.decoupling import find_episodes

    minutes = _history(laws, span, profile, catalogue, blocks)
    changed: list[Observation] = []
    for point_id in dict.fromkeys(law.response.point_id for law in laws):
        own = [law for law in laws if law.response.point_id == point_id]
        step = max(law.fit.step_ms for law in own) // MINUTE_MS
        columns = {one: minutes.on_grid(one, step) for one in (point_id, *(law.cause.point_id for law in own))}
        episodes = find_episodes(own, columns, span[0], step * MINUTE_MS)
        seen = [one for one in known if one.subject == point_id]
        changed += [_observe(one, profile, catalogue, span[1]) for one in episodes if not _met(one, seen)]
        changed += _closed(seen, episodes, span[1])
    return tuple(changed)


def _history(
    laws: Sequence[Law], span: tuple[int, int], profile: Profile, catalogue: Catalogue, blocks: BlockRepo
) -> "Minutes":
    from chalicelib.domain.law_grid import Minutes

    wanted = {one.point_id: one.indicator for law in laws for one in (law.cause, law.response)}
    minutes = Minutes({point: catalogue.indicators[wanted[point]].plausible for point in wanted}, *span)
    for block in blocks.between(profile.enterprise.id, *span):
        minutes.add(block.readable)
    return minutes


def _met(episode: "Episode", seen: Sequence[Observation]) -> bool:
    return any(episode.overlaps(one.onset_ms, one.closed_at_ms) for one in seen)


def _closed(seen: Sequence[Observation], episodes: Sequence["Episode"], now_ms: int) -> list[Observation]:
    """Those that are over: at the end of their last episode, or now where it is no longer found at all."""
    found = []
    for one in (one for one in seen if one.closed_at_ms is None):
        own = [episode for episode in episodes if episode.overlaps(one.onset_ms, None)]
        if not own:
            found.append(one.closed(now_ms))
        elif (ended_ms := own[-1].ended_ms) is not None:
            found.append(one.closed(ended_ms))
    return found


def _observe(episode: "Episode", profile: Profile, catalogue: Catalogue, now_ms: int) -> Observation:
    law, kind = episode.law, ObservationKind.DECOUPLED
    unit_id, subject = profile.points_by_id[law.response.point_id].unit_id, law.response.point_id
    return Observation(
        id=observation_id(unit_id, kind, subject, episode.onset_ms),
        kind=kind,
        enterprise_id=profile.enterprise.id,
        unit_id=unit_id,
        dimension=Dimension.ENVIRONMENT,
        subject=subject,
        onset_ms=episode.onset_ms,
        opened_at_ms=episode.confirmed_ms,
        received_at_ms=now_ms,
        closed_at_ms=episode.ended_ms,
        findings=(
            _finding(law.response, Verdict.RISES, episode.response, episode.expected, episode, catalogue),
            _finding(law.cause, Verdict.STEADY, episode.cause, episode.cause_before, episode, catalogue),
        ),
        figures=(("expected", episode.expected), ("allowed", episode.allowed), ("r2", law.fit.r2)),
        catalogue_version=catalogue.version,
    )


def _finding(
    one: Measured, verdict: Verdict, value: float, reference: float | None, episode: "Episode", catalogue: Catalogue
) -> Finding:
    return Finding(
        dimension=one.dimension,
        indicator=one.indicator,
        point_id=one.point_id,
        unit=catalogue.indicators[one.indicator].unit,
        verdict=verdict,
        value=value,
        measured_at_ms=episode.confirmed_ms,
        reference=reference,
        change=value / reference - 1.0 if reference else None,
    )
