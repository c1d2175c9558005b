"""What may be concluded: tests by relabelling, confidence intervals, power, coefficients."""
