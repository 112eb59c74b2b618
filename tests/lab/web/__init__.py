"""The laboratory of web sites: nginx and Apache well and badly kept, and sites that misbehave. ``lab.WebLab.up()`` raises it."""
