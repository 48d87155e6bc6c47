"""Packets as a station wants them on the wire: in the clear, or with their CP encrypted where it has a key."""

from green_shield_bridge.hj212.frames import encode_frame
from green_shield_bridge.hj212.packet import Packet, encode_segment
from green_shield_bridge.hj212.sm4 import encrypt_data_segment, is_encrypted_command


def frame_of(packet: Packet, sm4_key: bytes | None = None) -> bytes:
    """A packet to a frame. Raises ValueError where it cannot be said (packet.encode_segment)."""
    segment = encode_segment(packet)
    if sm4_key is not None and packet.cp_text and is_encrypted_command(packet.cn):
        segment = encrypt_data_segment(sm4_key, segment)
    return encode_frame(segment)
