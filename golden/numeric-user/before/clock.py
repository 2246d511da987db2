import os
import time

print(os.getuid(), os.getgid(), time.strftime("%Y"), flush=True)
