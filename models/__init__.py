"""The trained network as data, and the workshop that makes it."""
