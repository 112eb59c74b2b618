"""Where runs are kept: an SQLite file, through one SQL layer."""
