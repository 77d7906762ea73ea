"""Clients that reach nothing: what they are answered is stubbed."""

from __future__ import annotations

import boto3
import pytest


@pytest.fixture(scope="session")
def session() -> boto3.Session:
    """A session with made-up credentials."""
    return boto3.Session("made-up", "made-up", region_name="eu-west-1")
