"""Sound whose words are known, made for measuring, and the comparison with what an engine hears."""
