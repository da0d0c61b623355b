"""Reading and writing GTFS files."""
