"""Region bundles that ship with the product; see ``mobility.storage.bundles``."""
