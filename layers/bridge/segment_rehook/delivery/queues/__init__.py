"""The two queues: what a message says, how messages are sent, and the way into the parking lot."""
