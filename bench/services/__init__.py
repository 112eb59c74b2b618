"""What is seen of services from the network, beside nmap with its scripts and ssh-audit: faults found, false alarms, time.

Needs root, the laboratories (``.ci/setup lab``), ``nmap`` and ``ssh-audit``. One command for each subject, in a module of its own:
``python -m bench.services ports``, ``findings``, ``relay``, ``web``, ``ssh``; ``whole`` runs all but the first and adds them up.
"""
