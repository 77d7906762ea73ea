"""The two queues: what a message says, how messages are sent, and how one is parked."""
