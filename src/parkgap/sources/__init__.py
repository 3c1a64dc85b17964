"""The outside world, read: tables, datums and OpenStreetMap files, and nothing decided."""
