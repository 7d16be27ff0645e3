"""The HTTP interface of the daemon: what the command line can do, for scripts and for a page.

    routes ──── one thin function an address; OpenAPI is made from them
    models ──── what goes over the wire, with units and ranges
    finding, verdicts, folders, work ── plain, typed functions beneath the routes, for a page to call as well
    counting ── facets, kept as long as the catalog stays as it is
    timelines ─ analyses over time
    sounds ──── files as browsers can play them, any part at once           (ranges: parts of a body)
    sketches ── waveforms and spectrograms
    workers ─── the processes that these three work in, since a decoder may crash (decoding: what two of them do)
    feed ────── what happens, told to any number of listeners of any speed
    access, places ── who may ask, and for which files
    problems ── errors as RFC 9457 has them
    app, serving ── all of it put together, and the thread that it runs on

A route never reaches past these functions, and none of them knows of HTTP, save by the errors in `problems`.
Changes go through the catalog, as those of the command line do; the engine takes them from there.
"""
