"""Tests of the mail room, and the letters they share."""
