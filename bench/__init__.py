"""How long builds take: this project's, its peers', and the least that the same work can take."""
