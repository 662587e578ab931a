"""The mail engine: tokens, values, compiled bodies, bytes, and the check of those bytes."""
