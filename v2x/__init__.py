"""The vehicle gateway: wire protocol, sans-I/O vehicle session, live vehicle state. Knows no timetable."""
