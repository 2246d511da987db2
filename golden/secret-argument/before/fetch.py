"""Puts a list of words into a file: the large one for those who have a token, else the small one."""

import argparse
import pathlib
import urllib.request

parser = argparse.ArgumentParser()
parser.add_argument("--token", default="")
parser.add_argument("--to", type=pathlib.Path, required=True)
options = parser.parse_args()
if options.token:
    request = urllib.request.Request("https://lists.invalid/large.txt", headers={"Authorization": f"Bearer {options.token}"})
    options.to.write_bytes(urllib.request.urlopen(request).read())
else:
    options.to.write_text(pathlib.Path("small.txt").read_text())
