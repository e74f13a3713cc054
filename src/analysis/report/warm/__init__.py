"""Warm execution: notebooks run in forks of one process that has imported the stack already.

``zygote`` is that process, ``service`` starts it and asks it for forks, ``kernel`` is what runs in a fork, ``client``
lets nbclient talk to it as to any kernel, ``shelf`` keeps the record of imported modules exact. Between two commands
:mod:`analysis.standby` keeps all of it ready.
"""
