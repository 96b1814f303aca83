"""Values of each data type: as SQL, to fill tables on the server, and as strategies of hypothesis.

A family of scalar types is a module with ``SCALARS``, and one line here.
"""
