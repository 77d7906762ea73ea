"""SQS as the bridge meets it: one FIFO queue in memory, and moto's server and API in front of it.

Whatever stands in for SQS in tests, sandbox and benchmarks is ``fifo.FifoQueue``.
``tests/contract/test_queue.py`` holds each way to it to AWS's rules.
"""
