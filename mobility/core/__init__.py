"""The shared kernel: values every room speaks in. Imports no other room and touches no I/O."""
