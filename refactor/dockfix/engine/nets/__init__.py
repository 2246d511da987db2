"""What every edit has to leave as it was: one module for each kind of thing that an image is made of."""
