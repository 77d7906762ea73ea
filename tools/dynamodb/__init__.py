"""What moto's DynamoDB lacks: BatchExecuteStatement with parameters, by DynamoDB's rules.

``tests/contract/test_statements.py`` holds it to what AWS documents.
"""
