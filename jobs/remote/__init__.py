"""Attempts of engines that a provider runs: submit, let the worker go, look again, and never submit twice."""
