"""The help pages: found, resolved in the reader's language, kept as their last good version."""
