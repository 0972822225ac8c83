"""How robots take the decoy: the battery of real calls, and a model of how AMD() decides."""
