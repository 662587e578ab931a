"""What runs without a browser: thin loops, each calling one domain verb."""
