"""The ledger: what the organisation writes down about itself, read from YAML and validated with file, line, key and nearest name.

Inventory (targets, systems, zones, scope), policy profile (values, decisions, grading scale), exceptions 例外措置 and attestations.
Each module says its own values; ``yamlfile`` is the only one that opens files.
"""
