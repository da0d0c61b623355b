"""The command line: one module per command group, wires server and simulator."""
