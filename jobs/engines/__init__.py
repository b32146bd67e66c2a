"""What turns audio into text. `registry` names the engines without importing them; `protocol` is what each one is."""
