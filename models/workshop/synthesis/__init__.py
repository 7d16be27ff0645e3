"""Sounds of our own: oscillators, models of instruments, and which voices make which label."""
