import os
from pathlib import Path

os.environ.update(
    CONFIG_DIR=str(Path(__file__).parent.parent / "config"), APP_VERSION="test", GREETING="hi", GIT_SHA="0", APP_HOME="."
)
