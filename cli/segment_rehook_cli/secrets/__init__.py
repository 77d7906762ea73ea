"""A stack's secrets, which are where the functions read them: in SSM."""
