"""Who can walk to what: streets, snapping, gates, facilities, origins, reach."""
