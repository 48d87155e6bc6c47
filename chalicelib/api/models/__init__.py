"""What goes over the wire, one module a resource; wire.py has what they share."""
