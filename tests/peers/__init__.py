"""Devices that were written by others: what the bridge reads is held against them, not against itself."""
