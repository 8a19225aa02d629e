"""Bytes from outside are decoded in processes of their own: a picture that crashes one, or overruns, costs itself.

worker ──bytes──▶ pool ──pipe──▶ decoder process ──fingerprint, or why not──▶ worker
                                   limits: address space, CPU time, no new files or sockets
"""
