"""Looks for weaknesses in deployed code, the template and the locked packages (`make audit`)."""
