"""What the product does: plain functions, session first, that never commit."""
