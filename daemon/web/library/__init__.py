"""The views in which files are found, heard, judged, written and compared: library and review."""
