"""The Markdown dialect: one token stream, safe HTML and plain text from it."""
