"""What a changed destination file changes: the command diff."""
