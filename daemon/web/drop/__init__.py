"""The view of dropped files, and where these are kept meanwhile."""
