"""The walk's part about credit files: both forms, what they are verified by, and why there may be none."""

from chalicelib.adapters.codec import to_body
from chalicelib.adapters.credit_signer import NoSigner
from chalicelib.adapters.rows import OPERATIONS, Put, Row
from chalicelib.domain.score import Cause, ScoreEntry
from chalicelib.usecases.export_credit_file import MOST_ENTRIES
from mobile_api_spec.recorder import Walker
from tests.park import START_MS

YEAR = {"from": "2025-04", "to": "2026-03"}
LONG_AGO = "2024-06"


def credit_files(w: Walker) -> None:
    forms = ("get_credit_file", "get_credit_file_pdf")
    for form in forms:
        w.call(form, "enterprise", enterprise_id="acme", query=YEAR, expect=200)
        w.call(form, "enterprise", enterprise_id="acme", query={"to": "2031-01"}, expect=400)
    w.call("list_credit_keys", "inspector_safety", expect=200)
    _has_too_much(w)
    for form in forms:
        w.call(form, "committee", enterprise_id="other", query={"from": LONG_AGO, "to": LONG_AGO}, expect=413)
    signer, w.park.services.credit_signer = w.park.services.credit_signer, NoSigner()
    vars(w.park.services).pop("credit_desk")
    for form in forms:
        w.call(form, "enterprise", enterprise_id="acme", query=YEAR, expect=503)
    w.call("list_credit_keys", "inspector_safety", expect=503)
    w.park.services.credit_signer = signer
    vars(w.park.services).pop("credit_desk")


def _has_too_much(w: Walker) -> None:
    """More entries in a month than a file may have."""
    keys = (f"t-{number}:late" for number in range(MOST_ENTRIES + 1))
    entries = [ScoreEntry("other", LONG_AGO, key, Cause.LATE, -3.0, "t-x", START_MS, "1") for key in keys]
    puts = [Put(Row(f"SCORE#other#{LONG_AGO}", one.key, to_body(one))) for one in entries]
    for at in range(0, len(puts), 100):
        w.park.services.rows(OPERATIONS).commit(puts[at : at + 100])
