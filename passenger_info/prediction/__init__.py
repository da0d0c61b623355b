"""What predictions are made of: learned durations, fixed scenarios, baselines. Pure: no clock, chance or disk."""
