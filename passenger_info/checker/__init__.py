"""Our own checker of GTFS-realtime messages: what breaks an error rule is not published."""
