"""Goes up and down a history at random, with rows, and compares with what the straight way gives.

The straight way comes first, for the schema at each version (``straight_way.py``). A walker goes along a path on a
database of its own (``walker.py``): first the whole history up and down, then wherever hypothesis (``machine.py``)
sends it (``wandering.py``). A path that leads to a fault is made shorter before it is told (``shortening.py``).
"""
