"""What a bridge loads: a library that it does not need takes memory in every plant."""

import json
import subprocess
import sys

import pytest

# Reading a file needs pydantic and PyYAML (a child process does it), tables rich, the first scrape prometheus_client.
NEVER = ("pydantic", "pydantic_core", "yaml", "rich", "prometheus_client")
ONLY_FOR_HJ212 = (
    "green_shield_bridge.hj212.packet",
    "green_shield_bridge.hj212.session",
    "green_shield_bridge.sources.hj212",
)
ONLY_FOR_PLATFORMS = ("green_shield_bridge.forward.forwarder", "green_shield_bridge.forward.line")

RUN = """
import json, os, pathlib, signal, sys, threading, time
from green_shield_bridge.cli.main import main

config, stats = sys.argv[1:]

def stop_when_something_is_uploaded():
    while not os.path.exists(stats) or json.loads(pathlib.Path(stats).read_text())["acked"] == 0:
        time.sleep(0.02)
    os.kill(os.getpid(), signal.SIGTERM)

threading.Thread(target=stop_when_something_is_uploaded, daemon=True).start()
status = main(["run", "--config", config, "--stats-file", stats])
print(json.dumps([status, sorted(sys.modules)]))
"""


def outcome_of(script, *arguments):
    done = subprocess.run([sys.executable, "-c", script, *arguments], stdout=subprocess.PIPE, check=True, timeout=30)
    return json.loads(done.stdout)


def found(names, modules):
    return [name for name in names if name in modules]


def test_a_bridge_that_reads_stores_and_uploads_has_loaded_nothing_it_could_do_without(configure, tmp_path):
    status, modules = outcome_of(RUN, str(configure() / "bridge.yaml"), str(tmp_path / "stats.json"))
    assert status == 0
    assert found(NEVER, modules) == []
    assert found((*ONLY_FOR_HJ212, *ONLY_FOR_PLATFORMS), modules) == []


@pytest.mark.parametrize("wanted", [ONLY_FOR_HJ212, ONLY_FOR_PLATFORMS], ids=["stations", "platforms"])
def test_what_further_kinds_need_is_of_the_bridge_too(wanted):
    script = "import importlib, json, sys\nfor name in sys.argv[1:]: importlib.import_module(name)\nprint(json.dumps(sorted(sys.modules)))"
    modules = outcome_of(script, *wanted)
    assert found(wanted, modules) == list(wanted)
    assert found(NEVER, modules) == []
