"""The minute's jobs: one that fails rings the alarm and stops no other."""

from typing import Any

import pytest

from chalicelib.handlers.on_clock import on_clock
from chalicelib.observability import FunctionFailed
from tests.park import Park


class Broken:
    def __getattr__(self, name: str) -> Any:
        raise ArithmeticError(name)


@pytest.mark.parametrize("port", ["reviews", "desk"])
def test_a_job_of_the_minute_that_fails_stops_no_other(port: str) -> None:
    park = Park().register()
    park.runs_hot(temperature=188.0, voc=54.0, steam=112.0)
    park.services.__dict__[port] = Broken()
    park.clock.advance(3 * 3600)
    with pytest.raises(FunctionFailed):
        on_clock(park.services)
    (task,) = park.as_("committee").get("/v1/tasks")["items"]
    assert "finish" in park.services.tasks.get(task["id"]).overdue  # type: ignore[union-attr]
