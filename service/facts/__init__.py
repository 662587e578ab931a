"""Plain facts that several rooms must agree on: stages, states, permissions, limits, words."""
