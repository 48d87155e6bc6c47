"""What is done to the bridge, by the names that the figures have. Those that wait longest come first."""

from collections.abc import Callable, Mapping

from tests.edge_faults.cases import clock, damage, devices, disk, kills, outages, server
from tests.edge_faults.scene import Stage

Case = Callable[[Stage], None]

RUNS: Mapping[str, Case] = {
    "outage_13h": outages.thirteen_hours,
    "kill_9": kills.kill_9,
    "server_frozen": server.frozen,
    "full_drop_oldest": disk.drop_oldest,
    "full_refuse_new": disk.refuse_new,
    "bad_devices": devices.bad_ones_among_fifty,
    "disk_full": disk.no_space_left,
    "server_500": server.answers_500,
    "server_429": server.answers_429,
    "server_hangs": server.hangs,
    "server_cuts": server.cuts_after_storing,
    "started_without_server": outages.started_without_server,
    "outage_with_kill": outages.kill_in_an_outage,
    "doubled_and_reordered": server.doubled_and_reordered,
    "clock_jumps": clock.jumps,
    "clock_repeats_itself": clock.repeats_itself,
    "spool_overwritten": damage.overwritten,
    "spool_truncated": damage.truncated,
    "spool_header_zeroed": damage.header_zeroed,
}
