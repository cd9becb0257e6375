"""What is made of the contracts beside protoc's own output: the JSON of devices, and the way from REST."""
