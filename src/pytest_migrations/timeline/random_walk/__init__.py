"""Goes up and down a history at random, with rows, and compares with what the straight way gives.

The straight way comes first, for the schema at each version (``ground.py``). Paths are drawn by hypothesis
(``machine.py``) and gone on databases of their own (``course.py``), one after another (``wandering.py``). One that
leads to a fault is made shorter before it is told (``path.py``).
"""
