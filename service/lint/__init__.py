"""Rules that judge catalogs, mails and documents."""
