"""What all layouts share: files to parts, columns to their meaning, one source over an index, and safe writing."""
