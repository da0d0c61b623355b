"""Link quality: latency, loss, bandwidth, reconnects, and where the radio fails."""
