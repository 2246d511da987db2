"""Tells what a file is."""

import sys

import magic

for name in sys.argv[1:] or [__file__]:
    print(name, magic.from_file(name, mime=True))
