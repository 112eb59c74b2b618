"""Coverage-guided fuzzing of parsers that read octets of strangers: the corpus, the fuzzer, the targets; `python -m tests.fuzz`."""
