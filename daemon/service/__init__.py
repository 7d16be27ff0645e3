"""The service that runs in the background: watches folders, analyses what is new, writes tags where allowed.

One thread owns all state (`engine`); everything else either tells it something or does something for it:

    overseeing ─ the roots: whether each is there, what is to be looked at, and what follows from what was seen
    asking ───── what is asked of a root's disk, on a thread of its own, so that a dead share costs only itself
    looking ──── the truth: what is in a folder
    watching ─── hints: folders in which something happened (watchdog; may be late, may be lost)
    analysing ── worker processes, fed from the jobs in the catalog
    tagging ──── tags of files, on a thread
    holds ────── when nothing is to be done: paused, quiet hours, a DAW that plays
    hearing ──── live audio, by the OSC bridge, if the settings say so
    events ───── what happened, for whoever listens

What is to be done is a row in the catalog (`tagger.catalog.jobs`) before it is begun, so that the end of the
program at any moment loses nothing.
"""
