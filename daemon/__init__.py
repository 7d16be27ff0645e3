"""Everything that runs: the command line, and later the service that watches folders."""
