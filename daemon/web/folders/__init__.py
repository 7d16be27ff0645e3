"""The view of the watched folders, and of what is done in them."""
