"""HJ 212 (2005, 2017, 2025): what monitoring stations speak to their supervisors. Start at frames.py, then packet.py.

Bytes in, values out: crc, frames, packet, readings, answers, factors, reassembly and sm4 know no socket and no
clock. Whatever bytes come in, none of them raises.
"""
