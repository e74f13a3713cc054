"""From notebooks to pages: strict parameters, execution, staleness, the exporter, the portfolio and the ledger."""
