"""The way into machines over SSH: logging in, one batch for all that collectors read, and a reader of what came back."""
