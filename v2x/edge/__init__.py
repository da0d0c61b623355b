"""Sockets of the vehicle gateway and the reference vehicle client."""
