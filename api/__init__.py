"""The same facts as JSON: every number here comes from the function that the pages show it with."""
