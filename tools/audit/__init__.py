"""Looks for weaknesses in the deployed code, the template and the locked packages (`make audit`)."""
