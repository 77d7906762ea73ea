"""``make verify-aws STACK=…``: asks a deployed stack what no machine of one's own can answer."""
