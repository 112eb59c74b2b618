"""The version of this program. The distribution takes it from here, so that no command has to look for its own installation."""

VERSION = "0.1.0"
