"""Tells where a parcel is."""
