"""A park that says yes to every upload, by asyncio alone. It counts readings and how old each was on arrival.

The age is that of the device's own answer: its points 0 and 1 hold the millisecond.
"""

import asyncio
import gzip
import json
import sys
import time
from array import array
from email.utils import formatdate
from typing import Any

import orjson

HOST = "127.0.0.1"


class Sink:
    def __init__(self) -> None:
        self.readings = 0
        self.blocks = 0
        self.ages_ms = array("d")

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                writer.write(await self._request(reader))
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    async def _request(self, reader: asyncio.StreamReader) -> bytes:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
        length = int(head.split("content-length:")[1].split("\r\n")[0])
        body = await reader.readexactly(length)
        arrived_ms = time.time_ns() // 1_000_000
        document = orjson.loads(gzip.decompress(body) if "content-encoding: gzip" in head else body)
        is_upload = head.startswith("post /v1/readings")
        status = "202 Accepted" if is_upload else "200 OK"
        is_minimal = "prefer: return=minimal" in head
        answer = orjson.dumps(self._take(document, arrived_ms, is_minimal) if is_upload else _reported(document))
        applied = "Preference-Applied: return=minimal\r\n" if is_minimal else ""
        lines = (f"HTTP/1.1 {status}", f"Date: {formatdate(usegmt=True)}", f"Content-Length: {len(answer)}", applied)
        return ("\r\n".join(lines) + "\r\n").encode() + answer

    def _take(self, document: dict[str, Any], arrived_ms: int, is_minimal: bool) -> dict[str, Any]:
        series = document["series"]
        self.blocks += 1
        self.readings += sum(len(one["times"]) for one in series)
        self._note_ages(series, arrived_ms)
        spoken_of = [] if is_minimal else enumerate(series)
        results = [{"index": i, "point": s["point"], "status": 202, "stored": len(s["times"])} for i, s in spoken_of]
        return {"block_id": document["block_id"], "results": results, "units": [], "commands": []}

    def _note_ages(self, series: list[dict[str, Any]], arrived_ms: int) -> None:
        highs = {one["point"][:-3]: one["values"] for one in series if one["point"].endswith("-p0")}
        for one in series:
            if one["point"].endswith("-p1"):
                for high, low in zip(highs[one["point"][:-3]], one["values"], strict=True):
                    self.ages_ms.append((arrived_ms - (int(high) << 16 | int(low))) % 2**32)


def _reported(document: dict[str, Any]) -> dict[str, Any]:
    return {"gaps": [gap["id"] for gap in document.get("gaps", [])], "commands_reported": [], "commands": []}


async def run() -> None:
    """Print the port; then, for each line read, what has come since the last, until the end of input."""
    sink = Sink()
    server = await asyncio.start_server(sink.serve, HOST, 0, limit=1 << 20)
    print(server.sockets[0].getsockname()[1], flush=True)
    while await asyncio.get_running_loop().run_in_executor(None, sys.stdin.readline):
        print(json.dumps({"readings": sink.readings, "blocks": sink.blocks, "ages_ms": list(sink.ages_ms)}), flush=True)
        sink.readings, sink.blocks, sink.ages_ms = 0, 0, array("d")


if __name__ == "__main__":
    asyncio.run(run())
