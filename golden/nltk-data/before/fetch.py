"""Puts the data of a stemmer where nltk looks for it, as nltk.download does where there is a network."""

import sys
from pathlib import Path

folder = Path(sys.argv[1], "corpora", "stopwords")
folder.mkdir(parents=True)
(folder / "english").write_text("the\na\nof\n")
