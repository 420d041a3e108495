"""Dispatch: open computer-aided dispatch that sends the right responder and can say why."""

__version__ = "0.1.0"
