"""Measures that the park asks for: each is done at most once, only as this bridge's own configuration allows, and reported.

    the park's answer ----> decide ----> journal (on disk) ----> write, read back ----> journal ----> report

A command is in the journal before the device hears of it. So after a crash nobody writes a second time: what was begun and not
finished is reported as interrupted, for a person to look at. What is not allowed, out of limits or too late is refused, logged
and reported, and no device hears of it.
"""

import math
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any, Literal, Protocol

from green_shield_bridge import log
from green_shield_bridge.config.commands import AllowedCommand
from green_shield_bridge.sources.faults import LinkFault, WriteRefused

State = Literal["begun", "done", "refused", "failed", "expired", "interrupted"]
KEPT = 1_000  # results that are remembered so that a repeated command is known


@dataclass(frozen=True, slots=True)
class Command:
    """What the park asks for. `expires_at_ms`: after it nothing is written any more."""

    id: str
    measure: str
    value: float | None
    expires_at_ms: int


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a command. `value` was written, `read_back` is what the device then showed."""

    id: str
    state: State
    at_ms: int
    code: str | None = None
    detail: str | None = None
    value: float | None = None
    read_back: float | None = None
    is_reported: bool = False


@dataclass(frozen=True, slots=True)
class Order:
    """A command that may be carried out: this value into that register."""

    command: Command
    target: AllowedCommand
    value: float


class Journal(Protocol):
    """Outcomes on disk, by command id, oldest first. Each call is durable when it returns."""

    async def load(self) -> list[dict[str, Any]]: ...

    async def save(self, outcomes: Sequence[Mapping[str, Any]], forget: Sequence[str]) -> None: ...


Write = Callable[[AllowedCommand, float], Awaitable[float]]


def command_of(shaped: Mapping[str, Any]) -> Command:
    """A command out of an answer of the park, whose shape upload.verdicts has checked."""
    expires_at = datetime.fromisoformat(shaped["expires_at"])
    return Command(shaped["id"], shaped["measure"], shaped["value"], round(expires_at.timestamp() * 1000))


def decide(command: Command, allowed: Iterable[AllowedCommand], now_ms: int) -> Order | Outcome:
    """What to do with a command: an order, or the outcome that says why there is none."""
    if now_ms >= command.expires_at_ms:
        return Outcome(command.id, "expired", now_ms, "expired", "it came after its time")
    target = next((one for one in allowed if one.measure == command.measure), None)
    if target is None:
        return _refused(
            command, now_ms, "not_allowed", f"{command.measure} is not allowed by this bridge's configuration"
        )
    value = target.value if target.value is not None else command.value
    if value is None:
        return _refused(command, now_ms, "value_missing", f"{command.measure} needs a value")
    if target.value is not None and command.value not in (None, target.value):
        return _refused(command, now_ms, "out_of_limits", f"got {command.value:g}; allowed: {target.value:g}")
    if target.min is not None and target.max is not None and not target.min <= value <= target.max:
        return _refused(command, now_ms, "out_of_limits", f"got {value:g}; allowed: {target.min:g} to {target.max:g}")
    return Order(command, target, value)


def _refused(command: Command, now_ms: int, code: str, detail: str) -> Outcome:
    return Outcome(command.id, "refused", now_ms, code, detail, command.value)


class CommandDesk:
    """Takes commands from the park's answers, carries out what is allowed, and has the outcomes ready for the next report."""

    def __init__(
        self, allowed: Sequence[AllowedCommand], journal: Journal, write: Write, now_ms: Callable[[], int]
    ) -> None:
        self._allowed = allowed
        self._journal = journal
        self._write = write
        self._now_ms = now_ms
        self._outcomes: dict[str, Outcome] = {}

    async def start(self) -> None:
        """Read the journal. What was begun by a process that ended is interrupted, and never begun again."""
        known = [Outcome(**raw) for raw in await self._journal.load()]
        self._outcomes = {one.id: one for one in known}
        broken = [replace(one, state="interrupted", at_ms=self._now_ms()) for one in known if one.state == "begun"]
        if broken:
            await self._keep(*broken)

    async def take(self, commands: Iterable[Mapping[str, Any]]) -> None:
        """Carry out what is new and allowed, one after the other. The shape of each was checked (upload.verdicts)."""
        for command in map(command_of, commands):
            if command.id not in self._outcomes:
                await self._handle(command)

    def results(self) -> list[Outcome]:
        """Outcomes that the park has not heard of yet."""
        return [one for one in self._outcomes.values() if not one.is_reported and one.state != "begun"]

    async def reported(self, ids: Iterable[str]) -> None:
        """The park has these."""
        heard = [replace(self._outcomes[id_], is_reported=True) for id_ in ids if id_ in self._outcomes]
        if heard:
            await self._keep(*heard)

    async def _handle(self, command: Command) -> None:
        decision = decide(command, self._allowed, self._now_ms())
        if isinstance(decision, Outcome):
            await self._conclude(command, decision)
            return
        await self._keep(Outcome(command.id, "begun", self._now_ms(), value=decision.value))
        await self._conclude(command, await self._carried_out(decision))

    async def _carried_out(self, order: Order) -> Outcome:
        done = Outcome(order.command.id, "done", self._now_ms(), value=order.value)
        try:
            read_back = await self._write(order.target, order.value)
        except WriteRefused as error:
            return replace(done, state="failed", code="device_refused", detail=str(error))
        except LinkFault as error:
            return replace(done, state="failed", code="link_fault", detail=str(error))
        if not math.isclose(read_back, order.value, rel_tol=1e-5, abs_tol=abs(order.target.scale) / 2 + 1e-9):
            detail = f"wrote {order.value:g}, the device shows {read_back:g}"
            return replace(done, state="failed", code="not_taken", detail=detail, read_back=read_back)
        return replace(done, read_back=read_back)

    async def _conclude(self, command: Command, outcome: Outcome) -> None:
        say = log.event if outcome.state == "done" else log.warn
        say(
            f"command_{outcome.state}",
            id=command.id,
            measure=command.measure,
            value=outcome.value,
            code=outcome.code,
            detail=outcome.detail,
        )
        await self._keep(outcome)

    async def _keep(self, *outcomes: Outcome) -> None:
        self._outcomes.update((one.id, one) for one in outcomes)
        spare = len(self._outcomes) - KEPT
        old = [one.id for one in self._outcomes.values() if one.is_reported][: max(0, spare)]
        for id_ in old:
            del self._outcomes[id_]
        await self._journal.save([asdict(one) for one in outcomes if one.id in self._outcomes], old)
