"""The command `segment-rehook`: look at, check and try out a destination before it is deployed."""
