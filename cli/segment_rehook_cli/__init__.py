"""The command `segment-rehook`: check and preview a destination, and operate a deployed stack."""
