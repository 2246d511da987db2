from pathlib import Path

import yaml

folder = Path(yaml.safe_load(Path("shop.yaml").read_text())["orders"])
folder.mkdir(parents=True, exist_ok=True)
(folder / "first").write_text("kept")
print("order", (folder / "first").read_text())
