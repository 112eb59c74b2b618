"""Checks of web sites as anybody sees them: the way to HTTPS, headers, cookies, methods, what is published by mistake, what pages hold."""
