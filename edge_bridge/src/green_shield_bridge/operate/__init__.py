"""For those who run a bridge: status, health, metrics, checks, export, and what systemd wants to hear. Nothing here reads a device
for the park or sends a reading."""
