"""In-memory stand-ins for the ports of `segment_rehook.delivery.ports`.

They pass the contract tests that the real adapters pass, and can be told to fail.
"""
