"""The command line as its users install it: the wheel, tried where nothing else is."""
