import os

import itsdangerous

with open(os.environ["GITHUB_OUTPUT"], "a") as output:
    output.write(f"module={itsdangerous.__name__}\n")
with open(os.environ["GITHUB_OUTPUT"]) as output:
    print(output.read())
