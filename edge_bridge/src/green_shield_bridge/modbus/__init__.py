"""Modbus without sockets: registers to numbers, which requests read them; and the tools that look at or play a device."""
