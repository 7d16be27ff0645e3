"""DAWs that can be spoken to over OSC: which tracks they have, how to name them, whether they play.

A DAW is a class of functions from messages to messages (`daw.Daw`), without a socket, so that each is as long as what
is peculiar to it. `link` gives it a socket, `namer` decides what a track is called, `journal` remembers what was.
"""
