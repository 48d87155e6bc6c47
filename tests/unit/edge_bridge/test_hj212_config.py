"""The configuration of HJ 212 stations and platforms: every mistake is named with its line; secrets are in files only."""

from pathlib import Path

import pytest

from green_shield_bridge.config import ConfigError
from green_shield_bridge.config.hj212 import Hj212Source
from green_shield_bridge.config.read import parse_config, read_config
from green_shield_bridge.errors import KeyFileError
from green_shield_bridge.hj212.secret_files import read_password, read_sm4_key
from green_shield_bridge.hj212.taken import Key, Taken
from green_shield_bridge.sources.hj212_peers import MAX_CUTS, WINDOW_S, Peers

EXAMPLE = Path(__file__).parents[3] / "edge_bridge" / "examples" / "hj212.yaml"
TEXT = EXAMPLE.read_text(encoding="utf-8")


def problems(old: str, new: str) -> str:
    assert old in TEXT
    with pytest.raises(ConfigError) as caught:
        parse_config(TEXT.replace(old, new, 1))
    return str(caught.value)


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        pytest.param("DC1", "DC0", "is already the mn of stations[0]", id="two stations with one MN"),
        pytest.param("a34013, field: ZsRtd", '"02", field: Rtd', "is already what points[0] is", id="one value for two points, by its old code"),
        pytest.param("point: scrubber-power", "point: stack-1-so2", "is already read by", id="one point of two stations"),
        pytest.param("factor: e10101, scale: 0.001", "factor: e10101, scale: 0", "scale: 0 would make", id="a scale of nothing"),
        pytest.param("version: auto", "version: 2011", "version", id="an edition there never was"),
        pytest.param('st: ["31"]', 'st: ["air"]', "st[0]", id="a system code that is none"),
        pytest.param("password_file: stack-1.pw", "password: secret", "unknown key", id="a password in the file itself"),
        pytest.param("mn: 010000A8900016F000169DC0", 'mn: "a;b"', "mn", id="an MN that would end its field"),
        pytest.param("point: stack-1-so2, factor: a21026}\n      - {point: stack-1-d", "point: nothing, factor: a21026}\n      - {point: stack-1-d", "is no point of any source", id="a platform wants a point that is not there"),
        pytest.param("minute_interval_min: 10              # 2051", "minute_interval_min: 7  # 2051", "an hour must be a whole number", id="seven minutes"),
    ],
)  # fmt: skip
def test_a_mistake_is_told_with_its_place(old, new, told):
    assert told in problems(old, new)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        pytest.param("factor: B02, data", "factor: a21026, data", id="another kind of data"),
        pytest.param("factor: a34013, field", 'factor: "02", field', id="another field"),
    ],
)
def test_the_same_factor_may_be_several_points_by_kind_and_field(old, new):
    assert old in TEXT
    parse_config(TEXT.replace(old, new, 1))


def test_paths_of_secrets_count_from_the_file(tmp_path):
    file = tmp_path / "bridge.yaml"
    file.write_text(TEXT)
    config = read_config(file)
    [source] = config.sources
    assert isinstance(source, Hj212Source)
    assert source.stations[0].password_file == str(tmp_path / "stack-1.pw")
    assert config.forward[0].password_file == str(tmp_path / "city.pw")
    assert [point.sent_as for point in source.points] == ["Rtd", "ZsRtd", "Avg", "Cou", "RS", "Rtd"]


@pytest.mark.parametrize(
    ("content", "mode", "told"),
    [
        pytest.param("plain-41", 0o644, "others may read it", id="readable by all"),
        pytest.param("plain-41", 0o620, "others may read it", id="writable by the group"),
        pytest.param("", 0o600, "holds no password", id="empty"),
        pytest.param("a;b", 0o600, "holds no password", id="with what ends a field"),
    ],
)
def test_a_password_file_is_refused_without_telling_what_is_in_it(tmp_path, content, mode, told):
    file = tmp_path / "pw"
    file.write_text(content)
    file.chmod(mode)
    with pytest.raises(KeyFileError, match=told) as caught:
        read_password(str(file))
    assert not content or content not in str(caught.value)


def test_secrets_are_read(tmp_path):
    for name, content in (("pw", "secret-7\nnoise"), ("key", "0123456789ABCDEFfedcba9876543210\n"), ("short", "00")):
        (tmp_path / name).write_text(content)
        (tmp_path / name).chmod(0o400)
    assert read_password(str(tmp_path / "pw")) == "secret-7"
    assert read_sm4_key(str(tmp_path / "key")).hex() == "0123456789abcdeffedcba9876543210"
    with pytest.raises(KeyFileError, match="32 hex digits"):
        read_sm4_key(str(tmp_path / "short"))
    with pytest.raises(KeyFileError, match="No such file"):
        read_password(str(tmp_path / "nowhere"))


def test_what_was_taken_is_known_after_reopening_value_by_value(tmp_path):
    one, other = Key("MN1", "2011", 1_000), Key("MN1", "2061", 1_000)
    first = Taken(tmp_path / "taken.db")
    first.add([(one, ["so2"]), (one, ["dust"]), (other, ["so2"])])
    first.close()
    again = Taken(tmp_path / "taken.db")
    again.add([(one, ["nox"])])
    assert again.known([one, other, Key("MN2", "2011", 1_000)]) == {
        one: frozenset({"so2", "dust", "nox"}),
        other: frozenset({"so2"}),
    }
    assert again.newest_ms("MN1", "2061") == 1_000
    assert again.newest_ms("MN2", "2061") is None


def test_the_newest_packets_of_each_kind_are_remembered_and_no_more(tmp_path):
    taken = Taken(tmp_path / "taken.db", kept=50)
    taken.add([(Key("MN1", "2061", 7), ["so2"])])
    for at in range(0, 400, 10):
        taken.add([(Key("MN1", "2011", time_ms), ["so2"]) for time_ms in range(at, at + 10)])
    known = taken.known([Key("MN1", "2011", time_ms) for time_ms in range(400)])
    assert {key.time_ms for key in known} >= set(range(350, 400))
    assert len(known) <= 150
    assert taken.known([Key("MN1", "2061", 7)])


def test_an_address_is_let_in_again_after_a_minute():
    peers = Peers()
    for at in range(MAX_CUTS):
        assert peers.is_welcome("a", float(at))
        peers.was_cut("a", float(at))
    assert not peers.is_welcome("a", 10.0)
    assert peers.is_welcome("b", 10.0)
    assert peers.is_welcome("a", WINDOW_S)
