"""What can go wrong with a device, whatever it speaks."""


class LinkFault(Exception):
    """The device does not answer, or not in a way that can be understood."""


class WriteRefused(Exception):
    """The device answered that it does not take what was written."""
