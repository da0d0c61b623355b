"""Technical supervision: driving modes, manoeuvres, signed commands and how a vehicle checks them."""
