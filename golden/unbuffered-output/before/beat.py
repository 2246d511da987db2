"""Prints a beat every second; the lines reach a log only when the output is not held back."""

import itertools
import time

for number in itertools.count(1):
    print("beat", number)
    time.sleep(1)
