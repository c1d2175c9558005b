"""The report's plots, as SVG: a module each, with a function `figures`, and a row of `priosig.report.page.PLOTS`."""
