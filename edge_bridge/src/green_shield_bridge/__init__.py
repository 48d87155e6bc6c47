"""The edge bridge of Green Shield.

Devices are polled (sources), a decision is made about what the park should have (sampling), it goes to disk first
(spool), then to the park (upload), and leaves the disk only when the park has acknowledged it. Start reading at
bridge.py.
"""

__version__ = "0.1.0"
