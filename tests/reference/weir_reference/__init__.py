"""A second decoder of flow export, written from the standards alone (tests/reference/README.md)."""
