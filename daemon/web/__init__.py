"""The page of the daemon: find, hear, see and correct, in the browser. The HTTP interface does not know it.

app ──── the application with a page: what `tagger daemon` and `tagger web` serve
page ─── puts the page onto it, by NiceGUI
shell ── the frame of one open page, and in it its views
visit ── what one open page works with; views and their parts know it, and not each other

access ─ who may see it                     library, live, drop, folders ─ the views
work ─── what is asked and done there       parts ─ what views are built of
"""
