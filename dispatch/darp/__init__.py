"""The dial-a-ride problem (DARP): exact evaluation, search and bounds on plain arrays. Knows nothing of bookings."""
