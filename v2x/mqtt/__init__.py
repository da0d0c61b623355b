"""MQTT: topics, quadkeys and the JSON dialect; the broker is reached from ``v2x.edge``."""
