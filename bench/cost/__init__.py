"""What parks of several sizes cost a month, from measured units, durations and bytes: `make cost` writes docs/cost.md."""
