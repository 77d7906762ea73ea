"""Sends random bytes to the code that receives webhook requests, for a given time (`make fuzz`)."""
