"""What machines share: files by the hash of their content, and which of them make up an area now."""
