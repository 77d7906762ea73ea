"""Deploys into an emulator of AWS, by the commands that the README gives (`make deploy-test`)."""
