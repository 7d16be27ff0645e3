"""The page: find, hear, see and correct, in the browser.

NiceGUI builds it in Python, in the daemon's process and on its event loop. `page` puts it onto the HTTP application;
a `Visit` is what one open page works with; every other module is one part of what is seen. What takes time runs on
threads, by `asking`; what happens in the daemon comes by `news`.
"""
