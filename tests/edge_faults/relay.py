"""A line between a bridge and its park, in a process of its own: stopped by SIGSTOP it is a server that is there and does nothing.

python -m tests.edge_faults.relay PARK_PORT     prints the port it listens on
"""

import asyncio
import contextlib
import os
import signal
import subprocess
import sys

HOST = "127.0.0.1"
_CHUNK = 65_536


class Relay:
    """Starts the process; `freeze` and `thaw` it."""

    def __init__(self, park_port: int) -> None:
        command = [sys.executable, "-m", "tests.edge_faults.relay", str(park_port)]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert self._process.stdout is not None
        self.port = int(self._process.stdout.readline())

    def freeze(self) -> None:
        os.kill(self._process.pid, signal.SIGSTOP)

    def thaw(self) -> None:
        os.kill(self._process.pid, signal.SIGCONT)

    def end(self) -> None:
        self._process.kill()
        self._process.communicate()


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Until one side ends; what was under way still arrives."""
    with contextlib.suppress(ConnectionError):
        while data := await reader.read(_CHUNK):
            writer.write(data)
            await writer.drain()
        writer.write_eof()


async def _connected(park_port: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        there, back = await asyncio.open_connection(HOST, park_port)
    except OSError:
        writer.transport.abort()
        return
    await asyncio.gather(_pass_on(reader, back), _pass_on(there, writer))
    back.close()
    writer.close()


async def serve(park_port: int) -> None:
    server = await asyncio.start_server(lambda r, w: _connected(park_port, r, w), HOST, 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1])))
