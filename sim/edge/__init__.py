"""The deterministic event loop, in-memory wires and runners of the simulator."""
