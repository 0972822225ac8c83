"""The household model: what a household writes, checked and made complete for the roles."""
