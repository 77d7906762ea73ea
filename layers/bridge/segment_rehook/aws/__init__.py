"""The real sides of the ports: DynamoDB, SQS, SSM, the environment, telemetry, API Gateway.

Clients are handed in; nothing here is built by importing it.
"""
