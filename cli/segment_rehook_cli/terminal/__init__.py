"""What a person sees: output, messages, questions and progress."""
