"""What a function that starts changes in its process, and how a test takes it back."""

from __future__ import annotations

import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

CLIENT = "awslambdaric.lambda_runtime_client"
NO_CLIENT = "AWS has no runtime client for this machine"


@contextmanager
def process_restored() -> Iterator[None]:
    """Take back, at the end of the block, the runtime client's marshaller and `gc.freeze()`."""
    with pytest.MonkeyPatch.context() as patch:
        client = getattr(sys.modules.get(CLIENT), "LambdaRuntimeClient", None)
        if client is not None:
            patch.setattr(client, "marshaller", client.marshaller)
        try:
            yield
        finally:
            gc.unfreeze()
