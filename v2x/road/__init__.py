"""What vehicles tell about the road: roughness, hazards, delay at junctions."""
