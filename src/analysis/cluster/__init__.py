"""Reports made on many machines: the same jobs on the workers of a Dask cluster, the same bytes as at home."""
