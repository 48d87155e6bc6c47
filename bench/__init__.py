"""What the system costs, each figure beside its floor: the least that the same work could cost, measured in the same run.

`python -m bench` prints a table and writes build/bench.json, flat: name -> {value, unit, floor, ratio, target, met}. `ratio` is how
many times dearer the value is than its floor (for a rate: how many times slower). `target` bounds the ratio of
ingest.cpu_us_per_reading and the value of every other figure, a rate from below. `target` and `met` are null where a figure is for
information, and `met` is null where it could not be measured; the note in the table says why.

Each module says in its first lines what is in its figure and what is not.
"""
