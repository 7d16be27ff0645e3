"""The plugin in programs that people use: `python -m pytest tests/plugin`, a minute or two; see docs/plugin.md."""
