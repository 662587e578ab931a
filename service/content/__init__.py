"""Help pages: their tree, look-up, fallback and generated facts."""
