"""One module for each program that installs packages: everything that dockfix knows of it."""
