"""Pages about the ledger of a plan: as a workbook, and coming back as updates."""
