"""Databases, recordings and questions that benchmarks are about."""
