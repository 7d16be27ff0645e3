"""The page of the daemon: find, hear, see and correct, in the browser. The HTTP interface does not know it.

app ─────── the application with a page: what `tagger daemon` and `tagger web` serve
door ────── who may see it: login, logout, and what those get who may not
password, sessions, brakes ── what the door is made of
policy ──── what a page may load and run
command ─── `tagger web`
page, shell ── what is seen, by NiceGUI: the frame, and in it one view of several
visit ───── what one open page works with; views and their parts know it, and not each other
drop, desk ── what visitors drop onto the page: the view of it, and where it is as long as the page is open
asking ──── runs what takes time on threads, and tells people what went wrong
news ────── what happens in the daemon, told to open pages
player ──── plays a sound and shows it, with `player.js`
"""
