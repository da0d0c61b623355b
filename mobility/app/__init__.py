"""The application: settings, wiring, HTTP, supervision. Holds no domain rules."""
