"""The workshop: from recordings to a trained, measured and exported network."""
