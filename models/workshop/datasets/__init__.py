"""Readers of published data sets: the layout they were published in goes in, labelled clips come out.

One module a data set, and two for what people have on their own disks: `folders` and `table`. Nothing is
decoded, and nothing is written.
"""
