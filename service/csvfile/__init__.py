"""Reading the CSV files people really have, and writing them their result."""

from service.csvfile.file import CsvFile, FileRefused, read, unreadable

__all__ = ["CsvFile", "FileRefused", "read", "unreadable"]
