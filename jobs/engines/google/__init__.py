"""Google Cloud Speech-to-Text v2, through Google's own client library.

`engine` is what the desk calls. `requests` and `results` are pure: what is asked for, and what the answer says.
`client` speaks to Google, `errors` says what its exceptions mean here.
"""
