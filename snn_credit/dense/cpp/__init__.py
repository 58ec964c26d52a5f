"""Plans as C++: loops over matrices on the CPU."""
