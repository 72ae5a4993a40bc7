"""A documented name, for charms: see `charm.kernel.report`."""

from .kernel.report import CheckResult, Health, Report, State, StateName, worst

__all__ = ['CheckResult', 'Health', 'Report', 'State', 'StateName', 'worst']
