"""Which instrument is in there: from audio to instrument tags and a searchable catalog."""
