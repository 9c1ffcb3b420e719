"""Pages on which a document that comes again is compared with the plan that runs."""
