"""What is looked for in the shipped code, the template and the locked packages (`make audit`)."""
