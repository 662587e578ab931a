"""Everything that depends on a language: locales, catalogs, formats, negotiation."""
