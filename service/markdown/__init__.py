"""The Markdown dialect of our mails and help pages: one parse, several faces."""
