"""The plugin in programs that people use: `python -m pytest tests/plugin`, some minutes; see docs/plugin.md."""
