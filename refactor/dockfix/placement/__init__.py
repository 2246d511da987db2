"""Which parts an image is made of, what is in each of them, and what is carried from one to the next."""
