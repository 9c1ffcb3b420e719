"""The directory as a whole: exported, imported, and begun with a template."""
