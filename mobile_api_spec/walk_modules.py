"""The walk's part about modules: what the park does without, and what it cannot."""

from mobile_api_spec.recorder import Walker


def modules(w: Walker) -> None:
    w.call("get_modules", "inspector_safety", expect=200)
    w.call("put_modules", "admin", body={"off": ["chains"]}, expect=400)
    w.call("put_modules", "admin", body={"off": ["core"]}, expect=400)
    w.call("put_modules", "admin", body={"off": ["what_if"]}, headers={"If-Match": '"0"'}, expect=200)
    w.call("put_modules", "admin", body={"off": []}, headers={"If-Match": '"0"'}, expect=412)
    w.call("put_modules", "admin", body={"off": []}, headers={"If-Match": '"1"'}, expect=200)
