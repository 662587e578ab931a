"""Settings of the tests of the lint."""

from hypothesis import settings

# No test asserts a time, and a busy machine is no reason to fail.
settings.register_profile("calm", deadline=None)
settings.load_profile("calm")
