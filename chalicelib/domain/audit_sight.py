"""What of an audit's entry a person sees: no more of its object than the object's own route tells them.

A chain is checked before anything is left out; whoever is to check it by themselves exports it, which only those may who see it whole.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from chalicelib.domain.access import may_know_others, may_see_original
from chalicelib.domain.audit import Entry
from chalicelib.domain.person import Person, Role

PHOTO = "PHOTO#"
# Of a photo's row: where the camera stood, what the phone said of it, and its look, by which it is found again.
OF_THE_CAMERA = frozenset({"claim", "position", "look"})
OF_ANOTHER = frozenset({"task_id", "photo_id"})  # in a mark: which other photo it was before
State = Mapping[str, Any] | None


def seen_by(entry: Entry, person: Person) -> Entry:
    return replace(entry, before=_seen(entry.before, entry, person), after=_seen(entry.after, entry, person))


def _seen(state: State, entry: Entry, person: Person) -> State:
    if state is None:
        return None
    if entry.part.startswith(PHOTO):
        state = state if may_see_original(person, _uploaded_by(entry)) else _without(state, OF_THE_CAMERA)
        return state if may_know_others(person) else _each(state, "marks", lambda mark: _without(mark, OF_ANOTHER))
    if person.role is Role.ENTERPRISE:  # not why an inspector could not come
        return _each(state, "assignments", lambda step: {**step, "text": ""})
    return state


def _uploaded_by(entry: Entry) -> str:
    """Known where it was announced; of later changes the entry does not say it, and nobody is taken for its owner."""
    return str((entry.after or {}).get("uploaded_by", ""))


def _without(state: Mapping[str, Any], keys: frozenset[str]) -> dict[str, Any]:
    return {key: value for key, value in state.items() if key not in keys}


def _each(
    state: Mapping[str, Any], name: str, change: Callable[[Mapping[str, Any]], dict[str, Any]]
) -> Mapping[str, Any]:
    return {**state, name: [change(one) for one in state[name]]} if state.get(name) else state
