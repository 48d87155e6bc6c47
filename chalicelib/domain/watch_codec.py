"""A watch's model and its state as bytes, with a version, checked when they are read: the model as npz (compressed arrays, never
pickles), the state, which is read and written with every block, as bare numbers.

unpack_model(pack_model(model)) has the same numbers bit for bit, and so has a state's.
"""

import struct
import zipfile
import zlib
from io import BytesIO
from typing import Any

import numpy as np

from chalicelib.domain.dimension import Dimension
from chalicelib.domain.unit_watch import MEAN_MEMORIES, SQUARE_MEMORIES, STATISTICS, Array, WatchModel, WatchState

VERSION = 1
MODEL_ARRAYS = ("centre", "scale", "predict", "whiten", "whiten_rows", "usual_squares", "limits")
_STATE = struct.Struct("<BHHIII?")


def pack_model(model: WatchModel) -> bytes:
    arrays = {name: getattr(model, name) for name in MODEL_ARRAYS}
    return _pack(
        **arrays,
        whole=np.array([VERSION, model.interval_ms, model.lags]),
        points=np.array(model.points),
        dimensions=np.array(model.dimensions),
    )


def unpack_model(payload: bytes) -> WatchModel:
    """The model that was packed. Raises ValueError for bytes that are no model of this version."""
    found = _unpack(payload, (*MODEL_ARRAYS, "whole", "points", "dimensions"))
    _, interval_ms, lags = (int(number) for number in found["whole"])
    dimensions = tuple(Dimension(str(one)) for one in found["dimensions"])
    arrays = {name: found[name] for name in MODEL_ARRAYS}
    width, groups = len(dimensions), 1 + len(set(dimensions))
    shapes = [(width,), (width,), (lags * width, width), (width, width), (width, width), (width,), (groups, STATISTICS)]
    if len(found["points"]) != width or not _fit(arrays, shapes) or interval_ms <= 0:
        raise ValueError("not a model")
    return WatchModel(tuple(str(one) for one in found["points"]), dimensions, interval_ms, lags, **arrays)


def pack_state(state: WatchState) -> bytes:
    lags, width = state.past.shape
    head = _STATE.pack(VERSION, lags, width, state.seen, state.hot, state.calm, state.is_alarmed)
    return head + b"".join(one.astype("<f8").tobytes() for one in (state.past, state.means, state.squares))


def unpack_state(payload: bytes) -> WatchState:
    """The state that was packed. Raises ValueError for bytes that are no state of this version."""
    try:
        version, lags, width, seen, hot, calm, is_alarmed = _STATE.unpack_from(payload)
    except struct.error as error:
        raise ValueError("not a state") from error
    heights = (lags, len(MEAN_MEMORIES), len(SQUARE_MEMORIES))
    if version != VERSION or len(payload) != _STATE.size + sum(heights) * width * 8:
        raise ValueError("not a state")
    numbers = np.frombuffer(payload, "<f8", offset=_STATE.size).reshape(-1, width)
    past, means, squares = np.split(numbers, np.cumsum(heights)[:-1])
    return WatchState(past, seen, means, squares, hot, calm, is_alarmed)


def _pack(**arrays: Any) -> bytes:
    out = BytesIO()
    np.savez_compressed(out, allow_pickle=False, **arrays)
    return out.getvalue()


def _unpack(payload: bytes, names: tuple[str, ...]) -> dict[str, Any]:
    try:
        with np.load(BytesIO(payload), allow_pickle=False) as archive:
            found = {name: archive[name] for name in names}
    except (OSError, EOFError, KeyError, ValueError, zipfile.BadZipFile, zlib.error) as error:
        raise ValueError("not a model") from error
    if int(found["whole"][0]) != VERSION:
        raise ValueError("unknown version of a model")
    return found


def _fit(arrays: dict[str, Array], shapes: list[tuple[int, ...]]) -> bool:
    return all(
        one.shape == shape and one.dtype == np.float64 and bool(np.isfinite(one).all())
        for one, shape in zip(arrays.values(), shapes, strict=True)
    )
