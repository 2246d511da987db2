from dateutil.parser import isoparse

ENTRIES = [
    ("Moved house", isoparse("2024-02-29T10:00:00+00:00")),
    ("Planted a tree", isoparse("2024-03-01T09:30:00+00:00")),
]
