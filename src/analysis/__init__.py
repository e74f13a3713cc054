"""City whitepapers that prove their numbers."""
