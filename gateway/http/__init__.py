"""GraphQL over HTTP: bytes become a request here, and an answer becomes bytes. Nothing behind this room knows HTTP."""
