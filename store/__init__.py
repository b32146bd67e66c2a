"""The truth: settings, schema, transitions, queries, and where the audio lies. Imports nothing of ours."""
