"""The words of Tenken: targets, verdicts, texts, reasons, facts and checks as plain values.

Nothing here reads a file, opens a socket or asks the clock. Each word has its own module;
this file is empty on purpose, so that every import says where a word is defined.
"""
