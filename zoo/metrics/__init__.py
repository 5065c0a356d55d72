"""How good pictures and detectors are: one function per file, each with its source and range."""
