"""How a running Windows is asked: registry, files, programs, and the questions of ``scanner.hosts.windows.answers``.

Its modules load on Windows only; collectors never import them. ``make lint`` checks their types as for Windows.
"""
