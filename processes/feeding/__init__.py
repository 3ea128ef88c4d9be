"""From a switch's own files and tables to the graph: read when whole, in bounded pieces, each once."""
