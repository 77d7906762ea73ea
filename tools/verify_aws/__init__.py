"""`make verify-aws STACK=…`: checks a deployed stack for what can't be tested without AWS."""
