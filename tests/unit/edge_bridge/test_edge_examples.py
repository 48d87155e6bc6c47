"""Every example is a configuration, says what it stands on, and asks what the device's manual shows."""

from dataclasses import fields
from pathlib import Path

import pytest
from pymodbus.framer import FramerRTU
from pymodbus.pdu import DecodePDU

from green_shield_bridge.config.modbus import ModbusPoint, ModbusRtuSource, ModbusRtuTcpSource, ModbusTcpSource
from green_shield_bridge.config.read import read_config
from green_shield_bridge.modbus.plan import plan_requests

EXAMPLES = Path(__file__).parents[3] / "edge_bridge" / "examples"
DEVICES = ["temperature-controller", "energy-meter", "vibration-sensor", "voc-analyser"]


@pytest.mark.parametrize("file", sorted(EXAMPLES.glob("*.yaml")), ids=lambda file: file.stem)
def test_an_example_is_a_configuration(file):
    assert read_config(file).sources


@pytest.mark.parametrize("name", DEVICES)
def test_a_device_example_names_its_manual_and_what_nobody_has_tried(name):
    head = (EXAMPLES / f"{name}.yaml").read_text().split("\n\n")[0]
    assert "Manual:" in head
    assert "Checked against it:" in head
    assert "Not verified" in head


@pytest.mark.parametrize("model", [ModbusPoint, ModbusTcpSource, ModbusRtuTcpSource, ModbusRtuSource])
def test_every_key_of_modbus_is_explained(model):
    text = (EXAMPLES / "bridge.yaml").read_text()
    assert [key.name for key in fields(model) if f"{key.name}:" not in text] == []


def test_the_vibration_sensor_is_asked_with_the_frames_of_its_manual():
    (source,) = read_config(EXAMPLES / "vibration-sensor.yaml").sources
    framer = FramerRTU(DecodePDU(False))
    asked = [framer.encode(r.pdu, source.device_id, 0).hex(" ").upper() for r in plan_requests(source)]
    assert asked[:2] == ["50 03 00 34 00 03 49 84", "50 03 00 3A 00 03 28 47"]
    assert [(r.address, r.count) for r in plan_requests(source)][2:] == [(0x40, 7)]


def test_the_energy_meter_is_never_asked_for_more_than_thirty_values_at_once():
    (source,) = read_config(EXAMPLES / "energy-meter.yaml").sources
    assert all(r.count <= 60 for r in plan_requests(source))
