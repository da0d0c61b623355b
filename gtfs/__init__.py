"""Timetables: calendar, immutable timetable arrays, building and checking static feeds. Knows no real time."""
