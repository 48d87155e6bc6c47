"""The walk's part about statistics for outsiders: a budget, releases that are paid from it, and refusals."""

from typing import Any

from mobile_api_spec.recorder import Walker
from tests.acts import client_id

CITY: dict[str, Any] = {"data_set": "enterprises", "recipient": "city-bureau"}


def privacy(w: Walker) -> None:
    asked = {"id": client_id(90), "recipient": "city-bureau", "statistic": "enterprises_by_industry", "epsilon": "0.5"}
    w.call("put_budget", "committee", body={"epsilon": "1"}, expect=200, **CITY)
    w.call("put_budget", "committee", body={"epsilon": "0"}, expect=400, **CITY)
    w.call("put_budget", "committee", body={"epsilon": "1"}, expect=404, data_set="people", recipient="city-bureau")
    w.call("post_release", "committee", body=asked, expect=201)
    w.call("post_release", "committee", body=asked, expect=201)
    w.call("post_release", "committee", body=asked | {"epsilon": "0.1"}, expect=409)
    w.call("post_release", "committee", body=asked | {"id": client_id(91), "month": "2026-02"}, expect=400)
    w.call("post_release", "committee", body=asked | {"id": client_id(91), "epsilon": "0.6"}, expect=409)
    w.call("list_data_sets", "committee", expect=200)
    w.call("list_releases", "committee", expect=200)
    w.call("list_releases", "committee", query={"cursor": "nothing"}, expect=400)
    w.call("get_release", "committee", release_id=client_id(90), expect=200)
    w.call("get_release", "committee", release_id=client_id(91), expect=404)
