"""What several tests need, and the laboratory of real calls as well."""
