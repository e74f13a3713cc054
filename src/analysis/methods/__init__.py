"""Statistical methods: arrays and frames in, small result objects out; no files, no pages, no plots."""
