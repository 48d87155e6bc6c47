"""Write a few inputs from which the fuzzers find deeper ones.

python edge_bridge/fuzz/corpus.py FOLDER makes FOLDER/hj212 and FOLDER/modbus.
"""

import sys
from collections.abc import Iterator
from itertools import product
from pathlib import Path

from green_shield_bridge.hj212.frames import encode_frame
from green_shield_bridge.hj212.sm4 import encrypt_data_segment

CP = ("", "DataTime=20240601080000;a21026-Rtd=1.5,a21026-Flag=N;SB1-RS=0", "QnRtn=1", "LA-td=50.1,Flag=D;")
HEADS = (
    "ST=32;CN=2011;PW=1;MN=MADEUP01;",
    "QN=20240601080000123;ST=31;CN=2051;PW=1;MN=MADEUP01;Flag=7;PNUM=2;PNO=1;",
    "QN=20240601080000123;ST=44;CN=2061;PW=1;MN=MADEUP01;Flag=9;",
)


def streams() -> Iterator[bytes]:
    for head, cp in product(HEADS, CP):
        segment = f"{head}CP=&&{cp}&&".encode()
        yield encode_frame(segment)
        yield encode_frame(segment).rstrip() + b"##0012&&ABCD" + encode_frame(segment)
        yield encode_frame(encrypt_data_segment(bytes(16), segment))
        yield b"##9000" + encode_frame(segment)[6:]


def write(folder: Path, inputs: Iterator[bytes]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for number, data in enumerate(inputs):
        (folder / f"{number:03d}").write_bytes(data)


def main(folder: Path) -> None:
    write(folder / "hj212", (bytes((how,)) + stream for stream in streams() for how in (0, 0x3F)))
    write(folder / "modbus", (bytes(range(start, start + 64)) * 4 for start in range(0, 192, 16)))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
