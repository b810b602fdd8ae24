"""What is sent in bad faith, to every operation and every field of the OpenAPI document."""
