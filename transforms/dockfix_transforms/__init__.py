"""The transforms that ship with dockfix, one pass per module; the file name is the transform's id."""
