"""The event recorder: the 13 data items of StVG §1g, its occasions, completeness, archives."""
