"""What operators want of a fleet while it runs: read from the topic ``controls``, asked by every stage.

operator ──▶ ``writing`` ──▶ controls ──▶ ``steering``, a thread in each worker ──▶ ``view``, pure ──▶ stages
"""
