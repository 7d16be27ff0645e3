"""The page: find, hear, see and correct, in the browser.

    judging ─── what people say of many files, undone and redone
    reviewing ─ which files a look helps most
    tagwriting ─ tags in files: what would be written, written, taken back
    similar ─── what sounds alike
    collecting ─ copies of what was found, in one folder
    revealing ─ a file in the system's own windows

Plain, typed functions and small classes over the catalog, which know nothing of how they are shown. What takes long
tells how far it is and can be cancelled; each is called on a thread of its own.
"""
