"""What scripts/make_apt_tables.py is made of."""
