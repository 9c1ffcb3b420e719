"""taskboard turns the measures of a plan document into tasks that departments hold, report on and finish."""

__version__ = "0.1.0"
