"""How long tests wait for what comes at once on a machine that has time; only a fault waits until it is over."""

PATIENCE_S = 60.0
"""For one thing to come to pass."""
LONG_PATIENCE_S = 600.0
"""For a whole scene, or for another program to do its work and end."""
