"""What the user sees: diffs, reports in words, and formats for machines. Nothing here knows how results came about."""

FORMATS = ("diff", "summary", "json", "checklist", "checklist-json")
