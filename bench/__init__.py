"""`make bench`: what is measured, each as a ratio to a baseline in the same run, alternating, medians."""
