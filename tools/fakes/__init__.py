"""In-memory stand-ins for the ports of `segment_rehook.delivery.ports`.

They pass the same contract tests as the real adapters, and a test can order them to fail.
"""
