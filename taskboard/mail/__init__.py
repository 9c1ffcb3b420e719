"""Message builders, the transport, and delivery of queued mails."""
