"""Plans as tensors: one function of torch for each of Brian's objects, on a GPU or on the CPU.

Importing this package imports torch; ``snn_credit.dense`` does so only when a device asks for it.
"""
