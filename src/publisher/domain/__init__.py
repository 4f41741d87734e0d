"""The nouns and rules of publishing: pure, without I/O, clock or framework."""
