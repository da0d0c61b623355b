"""Booking and driver pages, solver workers, road import."""
