"""The command export."""

import argparse

from green_shield_bridge.cli.options import add_config, add_time_zone, epoch_ms, instant


def add(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    export = commands.add_parser(
        "export",
        help="write the spool as CSV",
        description="Writes the readings that wait for the park, as they are at one instant. The bridge may go on running.",
    )
    add_config(export)
    export.add_argument("--out", metavar="PATH", help="new file, mode 0600; default: standard output")
    what = export.add_mutually_exclusive_group()
    what.add_argument("--quarantine", action="store_true", help="what the park refused, with the reasons, instead")
    what.add_argument("--gaps", action="store_true", help="the ledger of gaps instead")
    export.add_argument("--from", dest="since", type=instant, metavar="TIME", help="measured at this instant or later")
    export.add_argument("--to", dest="until", type=instant, metavar="TIME", help="measured before this instant")
    export.add_argument(
        "--point", dest="points", action="append", metavar="ID", help="only this point; may be given many times"
    )
    add_time_zone(export)
    export.set_defaults(command=_export)


def _export(options: argparse.Namespace) -> None:
    from green_shield_bridge.config.child import read_apart
    from green_shield_bridge.operate import export, export_rows

    chosen = export_rows.Chosen(
        since_ms=epoch_ms(options.since, options.time_zone),
        until_ms=epoch_ms(options.until, options.time_zone),
        points=frozenset(options.points or ()),
    )
    what: export_rows.What = "quarantine" if options.quarantine else "gaps" if options.gaps else "waiting"
    export.export(read_apart(options.config).spool.path, what, chosen, options.out, options.time_zone)
