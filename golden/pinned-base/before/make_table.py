"""Prints a table of squares."""

import json

print(json.dumps({str(number): number * number for number in range(100)}))
