"""What a pipeline leaves for a release: schema, golden rows, ONNX where it is as good, and their digests."""
