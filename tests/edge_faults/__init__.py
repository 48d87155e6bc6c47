"""The bridge as a black box, broken in every way a plant and a line can break it.

A bridge is a process of its own between devices that count their answers and a park that counts what it got. Every value says which answer
of which device it is, so what is lost is known one by one and not by sums:

- lost: the device answered, and the value is neither at the park nor in a gap that the bridge's ledger told the park of;
- not lost, but counted apart: answers of the last moments before a kill -9, which could not be committed yet (`unstored_at_kill`), those
  under way when the bridge was asked to stop, and those that came after the bridge had given the device up and said so with the flag B;
- duplicate: one instant of one point in two blocks, or one answer of a device at the park under two times;
- repeat: the same block again, which is how the bridge asks after a lost answer.

Invariant of every case: lost 0, duplicates 0, and the spool's own counters agree with the park to the reading. Every case writes its figures,
above all one that fails.
"""
