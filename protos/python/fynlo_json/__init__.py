"""The JSON that devices see, made of contract messages."""
