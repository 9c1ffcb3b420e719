"""File readers: bytes to blocks. The only floor that knows the formats' libraries.

``read_document_safely``, ``parse_document_safely`` and ``parse_text_safely`` (in ``isolation``) are for what strangers
send; ``read_document`` and ``read_text`` read in the calling process.
"""
