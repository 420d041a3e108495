"""Texts of a policy become checked parts of the model, or every problem at once."""
