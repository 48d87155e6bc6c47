"""The header X-Drill: a call is made in the room of that drill, by those who take part in it."""

from chalicelib.api.http import ID, Call
from chalicelib.domain.access import Action
from chalicelib.domain.drill import IN_DRILL, DrillState, may_see
from chalicelib.domain.errors import FieldError, Forbidden, IllegalTransition, InvalidRequest, NotFound


def enter(drill_id: str, action: Action, method: str, call: Call) -> None:
    """Put the drill's services in the place of the call's.

    Raises NotFound for a drill that the person does not know of, Forbidden for what is not done in drills or by who only looks on, and
    IllegalTransition for a change while it does not run.
    """
    if not ID.fullmatch(drill_id):
        raise InvalidRequest(errors=[FieldError("X-Drill", "pattern", ID.pattern)])
    drill = call.services.drills.get(drill_id)
    if drill is None or not may_see(call.person, drill):
        raise NotFound(what="drill")
    reads = method == "GET"
    if action not in IN_DRILL or not (reads or call.person.id in drill.people):
        raise Forbidden(action=action.value)
    if not reads and drill.state is not DrillState.RUNNING:
        raise IllegalTransition(state=drill.state.value, action=action.value)
    call.services = call.services.in_drill(drill.id)
    call.answer_headers["X-Drill"] = drill.id  # so that an app can show on whatever it has fetched that it is a drill
