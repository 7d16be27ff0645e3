"""The tap: an audio plugin that streams its track to the bridge and shows there what the bridge heard; docs/plugin.md.

C and C++, built by `make` in this folder; Python only writes down the taxonomy for it (`generate`).
"""
