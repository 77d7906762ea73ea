"""A stand-in for SQS: one FIFO queue in memory, and moto's server and API in front of it.

Tests, sandbox and benchmarks all use ``fifo.FifoQueue``. ``tests/contract/test_queue.py`` checks
each way to it against AWS's rules.
"""
