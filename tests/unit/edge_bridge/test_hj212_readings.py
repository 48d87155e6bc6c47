"""Packets of data to readings; quality letters; factor codes."""

import json
import re
from pathlib import Path

import pytest
import yaml

from green_shield_bridge.hj212.factors import canonical_code, factor_of
from green_shield_bridge.hj212.flags import bridge_flag
from green_shield_bridge.hj212.packet import Packet, parse
from green_shield_bridge.hj212.readings import DATA_COMMANDS, Reading, readings
from green_shield_bridge.hj212.splitter import Splitter

ROOT = Path(__file__).resolve().parents[3]
EIGHT_MS = 1_717_200_000_000
MINUTE_MS = 60_000


def packet(cp: str, cn: str = "2011", system: str = "31") -> Packet:
    found = parse(f"ST={system};CN={cn};PW=1;MN=M;Flag=4;CP=&&{cp}&&".encode(), tolerant=True)
    assert isinstance(found, Packet)
    return found


def read(cp: str, cn: str = "2011") -> list[Reading]:
    return readings(packet("DataTime=20240601080000;" + cp, cn))


def one(value, flag="N", factor="a1", field="Rtd", **more):
    return Reading(factor, field, value, flag, EIGHT_MS, **more)


NO_NUMBERS = ["", "-", "N/A", "nan", "inf", "-Infinity", "1e999", "1_000", "１２x", "0x10", "1.2.3", "--1"]


@pytest.mark.parametrize("text", NO_NUMBERS)
def test_what_is_no_number_is_a_fault_and_never_a_value(text):
    assert read(f"a1-Rtd={text},a1-Flag=N") == [one(None, "D")]
    assert read(f"a1-Rtd={text},a1-Flag=M") == [one(None, "M")]


def test_commands_and_answers_say_nothing():
    for cn in ("1062", "2012", "3020", "9011", "9014"):
        assert read("a1-Rtd=1", cn) == []


ITEMS = {
    "a live value with its flag": ("a1-Rtd=12.50,a1-Flag=N", [one(12.5)]),
    "a flag before its value": ("a1-Flag=M,a1-Rtd=1", [one(1.0, "M")]),
    "a value without a flag is normal": ("a1-Rtd=1", [one(1.0)]),
    "a negative value": ("a1-Rtd=-0.052,a1-Flag=N", [one(-0.052)]),
    "a standard-state value beside the measured one": (
        "a1-Rtd=1,a1-ZsRtd=2,a1-Flag=T",
        [one(1.0, "T"), one(2.0, "T", field="ZsRtd")],
    ),
    "the four of a period, in the order sent": (
        "a1-Cou=1,a1-Min=2,a1-Avg=3,a1-Max=4,a1-Flag=S",
        [one(float(n), "S", field=field) for n, field in enumerate(("Cou", "Min", "Avg", "Max"), 1)],
    ),
    "a sample taken before": (
        "a1-SampleTime=20240601075900,a1-Rtd=1,a1-Flag=N",
        [one(1.0, sample_time_ms=EIGHT_MS - MINUTE_MS)],
    ),
    "a sample time that is none": ("a1-SampleTime=x,a1-Rtd=1", [one(1.0)]),
    "a device's own mark": ("a1-Rtd=1,a1-Flag=D,a1-EFlag=E07", [one(1.0, "D", eflag="E07")]),
    "-td for -Rtd": ("a1-td=1,a1-Flag=N", [one(1.0)]),
    "a flag in an item of its own": ("a1-Rtd=1;a1-Flag=M", [one(1.0, "M")]),
    "a flag of no factor is that of all without one": (
        "a1-Rtd=1;a2-Rtd=2,a2-Flag=N;Flag=C",
        [one(1.0, "C"), one(2.0, factor="a2")],
    ),
    "two factors in one item": (
        "a1-Rtd=1,a1-Flag=M,a2-Rtd=2,a2-Flag=C",
        [one(1.0, "M"), one(2.0, "C", factor="a2")],
    ),
    "states of equipment": (
        "SB1-RS=0;SB2-RS=1",
        [one(0.0, factor="SB1", field="RS"), one(1.0, factor="SB2", field="RS")],
    ),
    "what is no measurement is left out": ("a1-RealOrigin=1,a1-Rtd=2,x=3,-Rtd=4", [one(2.0)]),
    "a further time is that of what follows": (
        "a1-Avg=1;DataTime=20240601080100;a1-Avg=2",
        [one(1.0, field="Avg"), Reading("a1", "Avg", 2.0, "N", EIGHT_MS + MINUTE_MS)],
    ),
}


@pytest.mark.parametrize(("cp", "expected"), ITEMS.values(), ids=ITEMS.keys())
def test_items(cp, expected):
    assert read(cp) == expected


@pytest.mark.parametrize("cn", sorted(DATA_COMMANDS))
def test_every_command_of_data_is_read(cn):
    assert read("a1-Avg=1", cn) == [one(1.0, field="Avg")]


def test_without_a_time_the_readings_have_none():
    assert readings(packet("a1-Rtd=1")) == [Reading("a1", "Rtd", 1.0, "N", None)]


def test_every_value_of_the_recorded_data_is_read(shared_data):
    for line in (shared_data / "hj212" / "frames.jsonl").read_text().splitlines():
        row = json.loads(line)
        splitter = Splitter()
        (frame,) = splitter.feed(row["frame"].encode()) + splitter.timeout()
        found = readings(parse(frame.data, tolerant=True))
        values = re.findall(r"-(?:Zs)?(?:Rtd|td|Min|Avg|Max|Cou|RS)=(-?[0-9.]+)", row["frame"])
        assert [reading.value for reading in found] == (list(map(float, values)) if row["cn"] in DATA_COMMANDS else [])
        assert all(reading.flag in "NFMSDCTB" for reading in found)


LETTERS = [(letter, letter) for letter in "NFMSDCTB"] + [
    ("n", "N"),
    (" N ", "N"),
    ("", "N"),
    ("P", "D"),
    ("0", "C"),
    ("1", "N"),
    ("2", "D"),
    ("3", "N"),
    ("X", "D"),
    ("4", "D"),
    ("NN", "D"),
    ("正常", "D"),
]


@pytest.mark.parametrize(("mark", "letter"), LETTERS)
def test_marks_become_the_letters_of_the_bridge(mark, letter):
    assert bridge_flag(mark) == letter


def test_an_unknown_factor_is_kept_by_its_code():
    assert factor_of("zz9999") is None
    assert canonical_code("zz9999") == "zz9999"
    assert canonical_code("") == ""


CODES = [
    ("a21026", "02"),
    ("a34013", "01"),
    ("w01018", "011"),
    ("a21002", "03"),
    ("a19001", "S01"),
    ("a01011", "S02"),
    ("a01012", "S03"),
    ("a24087", "25"),
    ("w01001", "001"),
    ("w21003", "060"),
    ("w21001", "065"),
    ("w21011", "101"),
    ("w00000", "B01"),
]


@pytest.mark.parametrize(("new", "old"), CODES)
def test_old_and_new_codes_are_one_factor(new, old):
    assert canonical_code(old) == canonical_code(new) == canonical_code(new.upper()) == new
    factor = factor_of(old)
    assert (factor.code, factor.old_code) == (new, old)


def test_every_code_of_the_park_s_catalogue_is_known_in_the_same_unit():
    catalogue = yaml.safe_load((ROOT / "chalicelib" / "catalogue" / "indicators.yaml").read_text())
    coded = [row for row in catalogue.values() if "hj212_code" in row]
    assert {row["hj212_code"] for row in coded} >= {"a24088", "w01018", "a21026", "LA"}
    assert all(factor_of(row["hj212_code"]).unit in ("", row["unit"]) for row in coded)


@pytest.mark.parametrize("code", ["a24088", "LA"])
def test_factors_that_2005_had_not(code):
    assert factor_of(code).old_code == ""
