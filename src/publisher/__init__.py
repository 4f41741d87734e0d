"""publisher: from a CMS webhook to every network, exactly once."""
