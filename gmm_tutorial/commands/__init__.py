"""The commands that train and compare, one file each; the short ones are in `cli` itself.

As there, what is slow to import is imported where it is needed.
"""
