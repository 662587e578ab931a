"""The tables, one noun a file; importing this package registers them all."""
