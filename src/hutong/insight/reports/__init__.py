"""The delivered reports (EC-13), by id."""

from hutong.insight.report import Report
from hutong.insight.reports import parties, quality, value, work

REPORTS: dict[str, Report] = {
    report.id: report for report in (*quality.REPORTS, *parties.REPORTS, *value.REPORTS, *work.REPORTS)
}  # fmt: skip
