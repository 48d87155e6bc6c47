"""What a frame or a packet has against the standard. The codes are stable: they are counted, logged and configured.

`GUESSED` are those where the meaning has to be guessed: a strict source refuses them, a tolerant one takes the likely
reading. With the others the meaning is beyond doubt.
"""

from enum import StrEnum


class Deviation(StrEnum):
    # The frame
    LENGTH_WRONG = "length_wrong"  # the four digits are not the length of the data segment
    LENGTH_DIGITS = "length_digits"  # more or fewer digits than four
    CRC_WRONG = "crc_wrong"
    CRC_MODBUS = "crc_modbus"  # plain Modbus CRC-16, high byte first
    CRC_MODBUS_SWAPPED = "crc_modbus_swapped"  # plain Modbus CRC-16, low byte first
    CRC_LOWER_CASE = "crc_lower_case"
    OVERSIZE = "oversize"  # more than 1024 bytes
    LF_ONLY = "lf_only"
    NO_CRLF = "no_crlf"
    # The head of the data segment
    ENCODING = "encoding"  # not UTF-8
    STRAY_SEPARATOR = "stray_separator"
    FIELD_MALFORMED = "field_malformed"
    FIELD_REPEATED = "field_repeated"
    FIELD_CASE = "field_case"
    FIELD_ORDER = "field_order"
    QN_MALFORMED = "qn_malformed"
    MN_MISSING = "mn_missing"
    PW_MISSING = "pw_missing"
    FLAG_MALFORMED = "flag_malformed"
    VERSION_UNKNOWN = "version_unknown"
    NUMBERS_MISSING = "numbers_missing"  # Flag announces PNUM and PNO
    NUMBERS_UNANNOUNCED = "numbers_unannounced"
    NUMBERS_MALFORMED = "numbers_malformed"
    NUMBERS_SWAPPED = "numbers_swapped"  # PNO is larger than PNUM
    # CP
    ITEM_MALFORMED = "item_malformed"  # no "="
    FLAG_OF_NOTHING = "flag_of_nothing"  # a Flag in CP that names no factor: taken for all that have none
    RTD_MISSPELT = "rtd_misspelt"  # -td for -Rtd
    TIME_MILLISECONDS = "time_milliseconds"
    TIME_MALFORMED = "time_malformed"


GUESSED = frozenset(
    {
        Deviation.FIELD_REPEATED,
        Deviation.FLAG_MALFORMED,
        Deviation.VERSION_UNKNOWN,
        Deviation.NUMBERS_MALFORMED,
        Deviation.NUMBERS_SWAPPED,
        Deviation.ITEM_MALFORMED,
        Deviation.RTD_MISSPELT,
        Deviation.TIME_MALFORMED,
        Deviation.ENCODING,
    }
)
