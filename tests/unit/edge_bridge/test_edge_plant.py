"""The simulated plant and the recorded runs it can show."""

import asyncio
import os
import threading
from pathlib import Path

import pytest
from pymodbus.client import ModbusTcpClient

from demo.plant import Device, Plant, PlantError, RegisterPoint
from demo.recording import COLUMNS, RecordingError, load_recording
from demo.replay import Replay, Replayed, mapped
from green_shield_bridge.modbus.codec import Unpacker, conversion_of, words_to_bytes

TEP = Path(os.environ.get("GREENSHIELD_DATA", Path(__file__).parents[4] / "shared" / "data")) / "tep"


def needs_tep(name):
    file = TEP / name
    if not file.exists():
        if os.environ.get("GREENSHIELD_DATA_REQUIRED") == "1":
            pytest.fail(f"{file} is absent, and GREENSHIELD_DATA_REQUIRED=1")
        pytest.skip(f"{file} is absent; set GREENSHIELD_DATA to the folder that has tep/")
    return file


def row(number=1.0, width=52):
    return " ".join(f"{number + i:e}" for i in range(width))


NONSENSE = {
    "nothing": ("", "no rows"),
    "text": ("hello world\n", r":1: 'hello' is not a number"),
    "a word in the second row": (f"{row()}\n{row()[:-3]}xyz\n", r":2: '.*xyz' is not a number"),
    "not a number by name": (f"{row()}\nnan {row(width=51)}\n", r":2: 'nan' is not a finite number"),
    "ragged rows": (f"{row()}\n{row(width=51)}\n", "row 2 has 51 numbers, the first has 52"),
    "rows of another width": (f"{row(width=7)}\n" * 3, "3 rows of 7 numbers; a recorded run has 52 columns"),
}


@pytest.mark.parametrize(("text", "message"), NONSENSE.values(), ids=NONSENSE.keys())
def test_what_is_no_recorded_run(text, message, tmp_path):
    (tmp_path / "x.dat").write_text(text)
    with pytest.raises(RecordingError, match=message):
        load_recording(tmp_path / "x.dat")


def test_a_file_that_is_no_text(tmp_path):
    (tmp_path / "x.dat").write_bytes(b"\x00\xff\x12")
    with pytest.raises(RecordingError, match="not a text of numbers"):
        load_recording(tmp_path / "x.dat")


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(RecordingError, match="No such file"):
        load_recording(tmp_path / "x.dat")


def test_rows_have_named_columns(tmp_path):
    (tmp_path / "x.dat").write_text(f"{row(1.0)}\n\n{row(100.0)}\n")
    first, second = load_recording(tmp_path / "x.dat").named()
    assert (first["XMEAS(1)"], first["XMEAS(41)"], first["XMV(1)"], second["XMV(11)"]) == (1.0, 41.0, 42.0, 151.0)


def test_a_file_on_its_side_is_set_upright(tmp_path):
    (tmp_path / "x.dat").write_text("\n".join(f"{n} {n + 0.5} {n + 0.25}" for n in range(52)))
    recording = load_recording(tmp_path / "x.dat")
    assert (len(recording), recording.rows[1][3]) == (3, 3.5)


@pytest.mark.parametrize(
    ("name", "rows"), [("d00.dat", 500), ("d00_te.dat", 960), ("d06_te.dat", 960), ("d06.dat", 480)]
)
def test_the_recorded_runs_load(name, rows):
    recording = load_recording(needs_tep(name))
    assert len(recording) == rows
    pressures = [values["XMEAS(7)"] for values in recording.named()]
    assert 2_500 < min(pressures) <= max(pressures) < 3_100


def test_there_are_52_columns():
    assert (len(COLUMNS), COLUMNS[30], COLUMNS[41]) == (52, "XMEAS(31)", "XMV(1)")


@pytest.mark.parametrize("order", ["ABCD", "CDAB", "BADC", "DCBA"])
@pytest.mark.parametrize("type_", ["int16", "uint16", "int32", "uint32", "float32", "float64"])
def test_what_the_plant_writes_the_bridge_reads(type_, order):
    point = RegisterPoint("p", 0, type_, order, scale=0.5, offset=-40.0)
    words = point.words(81.5)
    (raw,) = Unpacker(len(words), order, [(0, type_)])(*words_to_bytes(words))
    assert conversion_of(type_, 0.5, -40.0).values((raw,)) == [81.5]


@pytest.fixture
def plant():
    with Plant(
        [Device("a", [RegisterPoint("x", 0), RegisterPoint("y", 2)]), Device("b", [RegisterPoint("z", 5, "int16")])]
    ) as plant:
        yield plant


def read(plant, device, address, count):
    with ModbusTcpClient("127.0.0.1", port=plant.port(device), timeout=2, retries=0) as client:
        answer = client.read_holding_registers(address, count=count, device_id=1)
        return None if answer.isError() else answer.registers


def floats(registers):
    return list(
        Unpacker(len(registers), "ABCD", [(i, "float32") for i in range(0, len(registers), 2)])(
            *words_to_bytes(registers)
        )
    )


def test_devices_have_ports_of_their_own_and_answer_what_was_set(plant):
    plant.set_many({"x": 1.5, "y": -2.0, "z": -7.0})
    assert plant.port("a") != plant.port("b")
    assert floats(read(plant, "a", 0, 4)) == [1.5, -2.0]
    assert read(plant, "b", 5, 1) == [0xFFF9]
    assert (plant.value("x"), plant.reads_served("a")) == (1.5, 1)


def test_a_register_that_is_not_there_is_refused(plant):
    assert read(plant, "a", 0, 5) is None


def test_a_point_that_is_not_there_is_refused(plant):
    with pytest.raises(PlantError, match="no device has the point 'w'"):
        plant.set("w", 1.0)


def test_a_ramp_ends_at_its_target(plant):
    plant.ramp({"x": 10.0, "z": 3.0}, seconds=0.1, step_s=0.02)
    assert (plant.value("x"), plant.value("z")) == (10.0, 3.0)


def test_an_unplugged_device_answers_again_on_its_port(plant):
    port = plant.port("a")
    plant.unplug("a")
    with ModbusTcpClient("127.0.0.1", port=port, timeout=1, retries=0) as client:
        assert not client.connected
    plant.plug("a")
    assert plant.port("a") == port
    assert read(plant, "a", 0, 2) == [0, 0]


def test_a_replay_shows_every_row_once_to_whoever_reads_and_none_in_halves(plant):
    rows = [{"P": float(n), "Q": float(n) + 0.5} for n in range(40)]
    seen = []
    done = threading.Event()

    def reader():
        with ModbusTcpClient("127.0.0.1", port=plant.port("a"), timeout=2, retries=0) as client:
            while not done.is_set():
                seen.append(tuple(floats(client.read_holding_registers(0, count=4, device_id=1).registers)))

    thread = threading.Thread(target=reader)
    told = []
    plant.set_many({"x": -1.0, "y": -0.5})
    thread.start()
    replayed = plant.replay(rows, {"P": "x", "Q": "y"}, on_row=told.append)
    done.set()
    thread.join(5)
    first = seen.index((0.0, 0.5))
    assert seen[first : first + 40] == [(float(n), n + 0.5) for n in range(40)]
    assert told == list(range(40))
    assert len(replayed.row_ms) == 40


def test_a_replay_that_nobody_reads_says_so(plant):
    with pytest.raises(PlantError, match="row 0: not all of a were read within"):
        plant.replay([{"P": 1.0}], {"P": "x"}, read_timeout_s=0.05)


def test_a_column_that_is_not_there_is_refused():
    with pytest.raises(KeyError):
        mapped([{"P": 1.0}], {"Q": "x"})


class Clock:
    def __init__(self):
        self.s = 0.0

    def replay(self, rows, devices, show, **options):
        return Replay(rows, devices, show, wall_ms=lambda: int(self.s * 1000), monotonic_s=lambda: self.s, **options)


def test_the_next_row_waits_until_every_device_was_read():
    shown = []
    replay = Clock().replay([{"x": 1.0}, {"x": 2.0}], {"a", "b"}, shown.append)
    for device, rows in [("a", 1), ("a", 1), ("c", 1), ("b", 1), ("b", 2), ("b", 2), ("a", 2), ("a", 2)]:
        replay.before_read(device)
        assert len(shown) == rows, device
    assert [replay.progress.get_nowait() for _ in range(3)] == [0, 0, None]


def test_a_row_stays_for_its_period():
    shown, clock = [], Clock()
    replay = clock.replay([{"x": 1.0}, {"x": 2.0}], {"a"}, shown.append, period_s=10)
    for at_s, rows in [(0, 1), (5, 1), (9.9, 1), (10, 2), (15, 2)]:
        clock.s = at_s
        replay.before_read("a")
        assert len(shown) == rows


def test_the_row_a_reading_belongs_to():
    replayed = Replayed((100, 200, 300))
    assert [replayed.row_at(t) for t in (99, 100, 199, 200, 5_000)] == [None, 0, 0, 1, 2]


def test_a_slow_device_thinks_before_it_answers(plant):
    plant.slow_down("a", 0.2)

    async def timed():
        loop = asyncio.get_running_loop()
        begun_s = loop.time()
        await asyncio.to_thread(read, plant, "a", 0, 2)
        return loop.time() - begun_s

    assert asyncio.run(timed()) >= 0.2
