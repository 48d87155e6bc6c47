"""Once a minute: call people for what is no longer held, and say what stands too long or has stopped chattering."""

from chalicelib.domain.chattering import observe_stale, stale_id
from chalicelib.domain.events import ObservationOpened
from chalicelib.domain.handling import Handling, hold_on
from chalicelib.domain.warning import WarningState
from chalicelib.usecases.settle_warning import Desk, current_warning, settle_warning


def watch_alarms(*, desk: Desk) -> int:
    """Returns for how many warnings people were called that were shelved or suppressed before."""
    _observe_stale(desk)
    _end_chattering(desk)
    return sum(_release(handling, desk) for handling in desk.dispatches.held())


def _release(handling: Handling, desk: Desk) -> bool:
    warning = current_warning(handling.warning_id, desk.warnings)
    if warning is None or warning.state is not WarningState.OPEN:
        return False  # its clearing is on the way
    now_ms = desk.clock.now_ms()
    windows, shelvings = desk.windows.of_unit(warning.unit_id), desk.shelvings.of_unit(warning.unit_id, now_ms)
    if hold_on(warning, windows, shelvings, now_ms) is not None:
        return False
    settled = settle_warning(warning.id, lambda known: known is not None and known.is_held, desk)
    return settled is not None and not settled.is_held


def _observe_stale(desk: Desk) -> None:
    now_ms, catalogue = desk.clock.now_ms(), desk.catalogues.current()
    for handling in desk.dispatches.standing(now_ms - catalogue.stale_after_ms):
        if desk.observations.get(stale_id(handling)) is None:
            found = observe_stale(handling, now_ms, catalogue)
            told = ObservationOpened(found.enterprise_id, now_ms, found.correlation_id, found.id)
            desk.observations.add([found], [told])


def _end_chattering(desk: Desk) -> None:
    """A rule that has not opened for as long as the window has stopped chattering."""
    now_ms, window_ms = desk.clock.now_ms(), desk.catalogues.current().chattering.window_ms
    for episode in desk.dispatches.episodes():
        if episode.last_ms + window_ms > now_ms:
            continue
        observation = desk.observations.get(episode.observation_id)
        if observation is not None and observation.closed_at_ms is None:
            desk.observations.save(observation.closed(episode.last_ms + window_ms))
        desk.dispatches.end_episode(episode)
