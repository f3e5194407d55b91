"""Send one request: its address, its deadlines, and the one sent ahead."""
