"""The report's plots, as SVG: a module each, with a function that gives its figures.

A plot takes its place on the page by a row of `priosig.report.page.PLOTS`.
"""
