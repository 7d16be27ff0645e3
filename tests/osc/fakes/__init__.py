"""DAWs that answer as the real ones do by their sources, traps included."""
