"""The fifteen problems on which conversions of HL7 v2 differ most or fail, each in a file of its own.

Each file names the problem and proves what is done about it, over several messages where it takes several. What single
datatypes and segments become is proved beside them (`tests/mappings/test_engine_*.py`) and not repeated here.
"""
