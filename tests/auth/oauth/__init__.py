"""Tests of the authorisation server."""
