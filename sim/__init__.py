"""The simulator: vehicles, riders, radio and virtual time. A stranger that uses only public interfaces."""
