"""Collectors for network devices: each reads the text ``running-config`` of one dialect. What a dialect's text means stands here."""
