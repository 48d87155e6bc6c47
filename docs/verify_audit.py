"""Checks an exported audit: python3 verify_audit.py export.json. It needs nothing of Green Shield's."""

import json
import sys
from hashlib import sha256
from pathlib import Path

FORM = {"sort_keys": True, "separators": (",", ":"), "ensure_ascii": False}


def problem(data):
    export = json.loads(data)
    if json.dumps(export, **FORM).encode() != data.rstrip(b"\n"):
        return "the file is not in the form in which it was exported"
    previous = ""
    for seq, entry in enumerate(export["entries"], 1):
        told = {key: value for key, value in entry.items() if key != "hash"}
        if sha256(json.dumps(told, **FORM).encode()).hexdigest() != entry["hash"]:
            return f"entry {seq} was changed"
        if (entry["seq"], entry["previous"], entry["object"]) != (seq, previous, export["object"]):
            return f"entry {seq} does not follow the one before"
        previous = entry["hash"]
    end = (export["count"], export["head"])
    return "" if end == (len(export["entries"]), previous) else "entries are missing at the end"


if __name__ == "__main__":
    found = problem(Path(sys.argv[1]).read_bytes())
    sys.stdout.write(f"{found or 'intact'}\n")
    sys.exit(1 if found else 0)
