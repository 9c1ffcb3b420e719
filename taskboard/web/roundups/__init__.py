"""Monthly dispatch tables and quarterly review packs: read, edited, downloaded, sent once."""
