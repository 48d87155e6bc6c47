"""The commands scan and simulate."""

import argparse

from green_shield_bridge.cli.options import number, whole_number


def add(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    _add_scan(commands)
    _add_simulate(commands)


def _add_scan(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    scan = commands.add_parser(
        "scan",
        help="read the registers of a Modbus device and show them in every form, to help write a configuration",
        description="Reads only; one request at a time, with a pause between two.",
    )
    scan.add_argument("target", nargs="?", metavar="HOST[:PORT]", help="the device or gateway; port 502 unless given")
    scan.add_argument("--device-id", type=whole_number(0, 255), default=1, metavar="N", help="default: %(default)s")
    scan.add_argument(
        "--function", choices=("holding", "input", "coil", "discrete"), default="holding", help="default: %(default)s"
    )
    scan.add_argument(
        "--from", dest="first", type=whole_number(0, 65_535), default=0, metavar="N", help="counted from 0; default: 0"
    )
    scan.add_argument("--count", type=whole_number(1, 65_536), default=100, metavar="N", help="default: %(default)s")
    scan.add_argument("--pause-s", type=number(0, 60), default=0.05, metavar="S", help="default: %(default)s")
    scan.add_argument("--timeout-s", type=number(0.05, 120), default=3.0, metavar="S", help="default: %(default)s")
    scan.add_argument("--yaml", action="store_true", help="print points for a configuration instead of a table")
    line = scan.add_mutually_exclusive_group()
    line.add_argument("--rtu-over-tcp", action="store_true", help="RTU frames over TCP, as many serial gateways speak")
    line.add_argument(
        "--serial", metavar="DEVICE", help="RTU on a serial port, such as /dev/ttyUSB0, instead of a host"
    )
    scan.add_argument("--baudrate", type=whole_number(300, 4_000_000), default=9_600, metavar="N", help="default: 9600")
    scan.add_argument("--parity", choices=("N", "E", "O"), default="N", help="default: %(default)s")
    scan.set_defaults(command=_scan)


def _add_simulate(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    simulate = commands.add_parser(
        "simulate",
        help="run the Modbus devices of a configuration on this machine, with values from a CSV file",
        description="Listens on 127.0.0.1, one port for each device, until Ctrl-C or the end of the file.",
    )
    simulate.add_argument("--config", required=True, metavar="PATH", help="configuration whose devices are played")
    simulate.add_argument(
        "--csv",
        required=True,
        metavar="PATH",
        help="values: a column time_s (seconds) or time (RFC 3339), then one for each point",
    )
    simulate.add_argument(
        "--speed", type=number(0.001, 100_000), default=1.0, metavar="X", help="times as fast as recorded; default: 1"
    )
    simulate.add_argument("--loop", action="store_true", help="begin again at the end of the file")
    simulate.add_argument(
        "--port-base",
        type=whole_number(0, 65_535),
        default=15_020,
        metavar="N",
        help="first port, 0: free ones; default: %(default)s",
    )
    simulate.add_argument(
        "--write-config",
        metavar="PATH",
        help="write a configuration with the simulated devices, to run a bridge on: a spool of its own (NAME.simulated.db beside it),"
        " uploads to nobody unless --server is given, no platforms",
    )
    simulate.add_argument(
        "--server",
        metavar="URL",
        help="where the written configuration uploads; never a park in use, which would take the values for real ones",
    )
    simulate.set_defaults(command=_simulate)


def _scan(options: argparse.Namespace) -> int:
    from green_shield_bridge.modbus import scan

    return scan.run(options)


def _simulate(options: argparse.Namespace) -> int:
    from green_shield_bridge.modbus import simulate

    return simulate.run(options)
