"""The same small on-demand scenario in SUMO with different dispatchers; needs SUMO in an environment of its own."""
