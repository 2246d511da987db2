"""Makes a second of sound and says how long it is."""

import subprocess
import tempfile
from pathlib import Path

with tempfile.TemporaryDirectory() as folder:
    sound = Path(folder, "tone.wav")
    subprocess.run(["ffmpeg", "-loglevel", "error", "-f", "lavfi", "-i", "sine=duration=1", str(sound)], check=True)
    asked = ["ffprobe", "-v", "error", "-show_entries", "format=duration", "-of", "csv=p=0", str(sound)]
    print("seconds:", subprocess.run(asked, check=True, capture_output=True, text=True).stdout.strip())
