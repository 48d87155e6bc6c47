"""Sources: what the bridge reads from.

Each runs as a task of its own and hands what it read to a sink; none knows the spool or the park.
"""
