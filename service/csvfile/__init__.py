"""Reading the CSV files people really have, and writing them their result."""
