"""The volunteers' roster: who drives, who stands by, who answers the telephone."""
