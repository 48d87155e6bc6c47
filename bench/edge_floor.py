"""The least a reader can do: raw sockets, the same registers at the same beat, one durable commit a second, no upload."""

import selectors
import socket
import sqlite3
import struct
import sys
import time

_REQUEST = struct.pack(">HHHBBHH", 1, 0, 6, 1, 3, 0, 100)
_ANSWER_BYTES = 9 + 200


def run(path: str, interval_s: float, ports: list[int]) -> None:
    """Read until killed. Each device has its own instant within the interval, as with the bridge."""
    db = sqlite3.connect(path, isolation_level=None)
    db.executescript(
        "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; CREATE TABLE reading (at_ms INTEGER, registers BLOB);"
    )
    devices = [socket.create_connection(("127.0.0.1", port)) for port in ports]
    waiting = selectors.DefaultSelector()
    for device in devices:
        waiting.register(device, selectors.EVENT_READ)
    due = [(time.monotonic() + interval_s * at / len(devices), device) for at, device in enumerate(devices)]
    rows: list[tuple[int, bytes]] = []
    commit_s = time.monotonic() + 1
    while True:
        now_s = time.monotonic()
        while due[0][0] <= now_s:
            due_s, device = due.pop(0)
            device.sendall(_REQUEST)
            due.append((due_s + interval_s, device))
        if now_s >= commit_s:
            _commit(db, rows)
            commit_s += 1
        for key, _ in waiting.select(max(0.0, min(due[0][0], commit_s) - time.monotonic())):
            rows.append(_read(key.fileobj))  # type: ignore[arg-type]


def _read(device: socket.socket) -> tuple[int, bytes]:
    answer = device.recv(4096)
    assert len(answer) == _ANSWER_BYTES, len(answer)
    values = struct.unpack_from(">100H", answer, 9)
    return time.time_ns() // 1_000_000, struct.pack("<100H", *values)


def _commit(db: sqlite3.Connection, rows: list[tuple[int, bytes]]) -> None:
    db.execute("BEGIN")
    db.executemany("INSERT INTO reading VALUES (?, ?)", rows)
    db.execute("COMMIT")
    rows.clear()


if __name__ == "__main__":
    run(sys.argv[1], float(sys.argv[2]), [int(port) for port in sys.argv[3:]])
