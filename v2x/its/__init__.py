"""ETSI ITS messages: CAM and DENM codecs, GeoNetworking, the signed envelope, capture files."""
