"""Who may see the page, and what it may load and run."""
