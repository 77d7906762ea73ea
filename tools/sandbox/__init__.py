"""The whole bridge on one machine: no Docker, no AWS account. See ``docs/sandbox.md``."""
