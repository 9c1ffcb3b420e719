"""File readers: bytes to blocks. The only floor that knows the formats' libraries."""
