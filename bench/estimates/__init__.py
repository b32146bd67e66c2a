"""How good estimates are: `make bench-eta` replays sessions that ran, or never did, against rivals."""
