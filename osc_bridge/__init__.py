"""Live: audio comes in over OSC, and what is heard goes out; knows `tagger`, and nobody above.

    datagram ─ packets ───── an audio packet, by its fixed layout     (messages: all others, by python-osc)
             ─ reassembly ── samples in order, whatever the network did
             ─ stream ────── log-mel since the onset                  (tagger.frontend)
             ─ engine ────── all that is due in one batch             (tagger.recogniser, tagger.decision)
             ─ subscriptions  to whom, in which form

`bridge` ties these to a socket and two threads; `control` answers questions, `guard` says who may ask. `sources` send
audio, `daws` name tracks. The protocol is in docs/osc-protocol.md.
"""
