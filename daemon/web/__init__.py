"""The page of the daemon, in the browser; it knows the HTTP interface, which does not know it.

app ─────── the application with a page: what `tagger daemon` and `tagger web` serve
page ────── what is seen
door ────── who may see it: login, logout, and what those get who may not
password, sessions, brakes ── what the door is made of
policy ──── what a page may load and run
command ─── `tagger web`
"""
