"""Real builds before and after, and the comparison of what they give. Knows nothing of how a change was made."""
