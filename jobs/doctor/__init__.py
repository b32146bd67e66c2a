"""`python -m jobs.doctor`: checks all that an installation needs, and names what mends what is wrong."""
