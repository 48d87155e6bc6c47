"""The device on libmodbus: built with the system's compiler, run as a process of its own."""

import os
import pty
import select
import shutil
import subprocess
import threading
import tty
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

SOURCE = Path(__file__).with_name("modbus_server.c")

Registers = Mapping[str, Mapping[int, int]]


def missing() -> str:
    """What is not there to build it, or nothing."""
    for tool in ("gcc", "pkg-config"):
        if shutil.which(tool) is None:
            return f"{tool} is absent"
    found = subprocess.run(["pkg-config", "--exists", "libmodbus"], check=False)
    return "" if found.returncode == 0 else "libmodbus with its headers is absent (Debian: libmodbus-dev)"


def build(folder: Path) -> Path:
    """The server's program."""
    flags = subprocess.run(
        ["pkg-config", "--cflags", "--libs", "libmodbus"], capture_output=True, text=True, check=True
    )
    program = folder / "modbus_server"
    command = ["gcc", "-std=gnu11", "-Wall", "-Wextra", "-Werror", "-O1", "-o", str(program), str(SOURCE)]
    subprocess.run([*command, *flags.stdout.split()], check=True)
    return program


@contextmanager
def serving(program: Path, registers: Registers, *arguments: str) -> Iterator[str]:
    """Run the server with these registers; what it prints once it is ready."""
    lines = [f"{function} {at} {value}\n" for function, held in registers.items() for at, value in held.items()]
    with subprocess.Popen(
        [str(program), *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as server:
        try:
            assert server.stdin is not None
            assert server.stdout is not None
            server.stdin.write("".join(lines) + "serve\n")
            server.stdin.flush()
            yield server.stdout.readline().strip()
        finally:
            server.kill()


@contextmanager
def serial_line() -> Iterator[tuple[str, str]]:
    """The two ends of a serial line, as device files."""
    with ExitStack() as ends:
        pairs = [pty.openpty() for _ in range(2)]
        for descriptor in (end for pair in pairs for end in pair):
            ends.callback(os.close, descriptor)
            tty.setraw(descriptor)
        stop_read, stop_write = os.pipe()
        ends.callback(os.close, stop_read)
        wire = threading.Thread(target=_carry, args=(pairs[0][0], pairs[1][0], stop_read), daemon=True)
        wire.start()
        try:
            yield os.ttyname(pairs[0][1]), os.ttyname(pairs[1][1])
        finally:
            os.close(stop_write)
            wire.join(5)


def _carry(one: int, other: int, stop: int) -> None:
    """Pass bytes on between two ends until told to stop."""
    while stop not in (ready := select.select([one, other, stop], [], [])[0]):
        for end in ready:
            os.write(other if end == one else one, os.read(end, 4096))
