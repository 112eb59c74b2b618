"""The hub: takes signed reports from agents, keeps what they say, judges it with the engine, and answers those who may ask."""
