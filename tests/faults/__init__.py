"""The fault campaign: the processes are killed, stopped, starved and locked out, and every leg is billed once.

python -m tests.faults --runs 200 --database sqlite --seed 1      (a failure prints its seed)
"""
