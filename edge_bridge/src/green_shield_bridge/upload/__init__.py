"""The way to the park: what goes next (flush, pace, troubles), what goes (uploader, reports), what an answer means (verdicts), and
the line itself (park_client, identity)."""
