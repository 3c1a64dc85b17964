"""What the walks mean against the standard: items, additions, certainty, ranking."""
