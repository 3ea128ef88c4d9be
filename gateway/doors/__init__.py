"""Who comes in, and what is noted of it: viewers, tokens and their keys, the audit log."""
