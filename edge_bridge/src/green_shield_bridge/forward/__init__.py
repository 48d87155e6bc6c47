"""To superior HJ 212 platforms, as one of their devices. Only a bridge that has such a platform loads it.

platforms.py   what is on disk, handed to each platform's forwarder
forwarder.py   one platform: readings to packets, by way of an outbox of its own
composing.py   values to the CP of live, minute and hour data
outbox.py      what waits for the platform's yes, on disk
line.py        the connection, with client.py: what is under way, what is answered
"""
