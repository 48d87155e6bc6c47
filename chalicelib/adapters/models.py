"""Trained models in a bucket, written once under a key and kept in the process once they were read: a key never changes its model."""

from collections import OrderedDict
from typing import TYPE_CHECKING

from chalicelib.ports import MediaMissing, MediaStore, ModelUnusable

if TYPE_CHECKING:
    from chalicelib.domain.unit_watch import WatchModel

MAX_BYTES = 16 * 1024 * 1024
KEPT = 32  # of 52 points one takes 100 KB


class StoredModels:
    """Models as objects of a store."""

    def __init__(self, objects: MediaStore, *, kept: int = KEPT) -> None:
        self._objects, self._kept = objects, kept
        self._known: OrderedDict[str, WatchModel] = OrderedDict()

    def save(self, key: str, model: "WatchModel") -> None:
        from chalicelib.domain.watch_codec import pack_model

        self._objects.write(key, pack_model(model), content_type="application/octet-stream")

    def load(self, key: str) -> "WatchModel":
        if key not in self._known:
            self._known[key] = self._read(key)
        self._known.move_to_end(key)
        if len(self._known) > self._kept:
            self._known.popitem(last=False)
        return self._known[key]

    def _read(self, key: str) -> "WatchModel":
        from chalicelib.domain.watch_codec import unpack_model

        try:
            return unpack_model(self._objects.read(key, max_bytes=MAX_BYTES).data)
        except (MediaMissing, ValueError) as error:
            raise ModelUnusable(key) from error
