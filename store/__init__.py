"""The truth: settings, schema, transitions and queries on Postgres, and where the audio lies. Imports nothing of ours."""
