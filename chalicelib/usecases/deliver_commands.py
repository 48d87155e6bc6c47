"""Hand a bridge the commands that wait for it, with the answer to whatever it sent, until it reports what came of them."""

from chalicelib.domain.command import Command, CommandState, deliver
from chalicelib.domain.errors import WriteConflict
from chalicelib.domain.person import Bridge
from chalicelib.ports import Clock, CommandRepo

MAX_COMMANDS = 20  # in one answer; the rest goes with the next


def deliver_commands(bridge: Bridge, *, commands: CommandRepo, clock: Clock) -> tuple[Command, ...]:
    """What waits for the bridge, the first to expire first. One small read where nothing does; one write a command, ever."""
    now_ms = clock.now_ms()
    return tuple(_noted(one, now_ms, commands) for one in commands.pending(bridge, now_ms, MAX_COMMANDS))


def _noted(command: Command, now_ms: int, commands: CommandRepo) -> Command:
    if command.state is not CommandState.REQUESTED:
        return command
    try:
        return commands.save(deliver(command, now_ms), [])
    except WriteConflict:  # another answer has noted it; the bridge does a command once, however often it hears of it
        return command
