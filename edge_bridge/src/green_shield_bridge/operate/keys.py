"""Single keys of a terminal."""

import contextlib
import os
import select
import termios
import time
import tty
from collections.abc import Callable, Iterator
from typing import TextIO


@contextlib.contextmanager
def quit_keys(stdin: TextIO) -> Iterator[Callable[[float], bool]]:
    """Gives a function that waits so many seconds and says whether q or Ctrl-C came. Puts the terminal back as it was.

    Where the input is no terminal, only Ctrl-C ends.
    """
    if not stdin.isatty():
        yield _wait_without_keys
        return
    handle = stdin.fileno()
    before = termios.tcgetattr(handle)
    tty.setcbreak(handle)
    try:
        yield lambda seconds: _waits_for_q(handle, seconds)
    finally:
        termios.tcsetattr(handle, termios.TCSADRAIN, before)


def _wait_without_keys(seconds: float) -> bool:
    try:
        time.sleep(seconds)
    except KeyboardInterrupt:
        return True
    return False


def _waits_for_q(handle: int, seconds: float) -> bool:
    until_s = time.monotonic() + seconds
    try:
        while (left_s := until_s - time.monotonic()) > 0:
            if select.select([handle], [], [], left_s)[0]:
                pressed = os.read(handle, 64)
                if not pressed or b"q" in pressed.lower():
                    return True
    except KeyboardInterrupt:
        return True
    return False
