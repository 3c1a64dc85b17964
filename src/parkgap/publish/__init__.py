"""What people read: maps, tables and notes; the only wing that writes results to disk."""
