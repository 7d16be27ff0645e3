"""The page, in the browser: NiceGUI on the daemon's own server, over the functions beneath the HTTP interface."""
