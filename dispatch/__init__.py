"""The citizen bus: quotes, promises, plans, manifests, connections. Knows no wire format of a vehicle."""
