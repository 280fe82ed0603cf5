"""One file a library; each has `open(folder, durability)`."""
