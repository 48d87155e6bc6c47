"""Quality letters: what devices mark a value with, and the letters N F M S D C T B that the bridge passes on.

2017 and 2025 use the bridge's own letters. 2005 marks pollution sources with P too (power failure) and air stations with
digits: 0 calibration, 1 meteorology, 2 abnormal, 3 normal. A mark that is none of these is D: stored, never judged. No
mark, or an empty one, is N: 2005 devices often send none.
"""

NORMAL = "N"
FAULT = "D"

_LETTERS = {letter: letter for letter in "NFMSDCTB"} | {
    "P": FAULT,
    "0": "C",
    "1": NORMAL,
    "2": FAULT,
    "3": NORMAL,
    "": NORMAL,
}


def bridge_flag(mark: str) -> str:
    """The bridge's letter for a mark as sent."""
    letter = _LETTERS.get(mark)
    return letter if letter is not None else _LETTERS.get(mark.strip().upper(), FAULT)
