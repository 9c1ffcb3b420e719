"""Pages of scans that are being recognised."""
