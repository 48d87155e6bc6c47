"""Read a configuration in a child process, which takes pydantic, PyYAML and the parsed document with it when it ends.

The child writes a pickle to its standard output, which nobody but this bridge reads.
"""

import os
import pickle
import subprocess
import sys

from green_shield_bridge.config.model import Config
from green_shield_bridge.config.problems import ConfigError, Problem

TIMEOUT_S = 120.0


def read_apart(file: str | os.PathLike[str]) -> Config:
    """Read and check a file, without leaving anything of it in memory but the values. Raises ConfigError."""
    name = os.fspath(file)
    command = [sys.executable, "-m", "green_shield_bridge.config.child", name]
    try:
        done = subprocess.run(command, stdout=subprocess.PIPE, timeout=TIMEOUT_S, check=True)
    except (OSError, subprocess.SubprocessError) as error:
        raise ConfigError(name, [Problem(1, "(file)", f"cannot be read by a child process: {error}")]) from error
    outcome: Config | list[Problem] = pickle.loads(done.stdout)  # noqa: S301 -- from our own child
    if isinstance(outcome, Config):
        return outcome
    raise ConfigError(name, outcome)


def main() -> None:
    from green_shield_bridge.config.read import read_config

    outcome: Config | list[Problem]
    try:
        outcome = read_config(sys.argv[1])
    except ConfigError as error:
        outcome = error.problems
    sys.stdout.buffer.write(pickle.dumps(outcome, protocol=pickle.HIGHEST_PROTOCOL))


if __name__ == "__main__":
    main()
