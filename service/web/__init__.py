"""The Flask front end: requests come in and leave here."""
