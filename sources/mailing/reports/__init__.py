"""The final report of a mailing: everybody of its audience, once.

lines       read page by page: the letters by position, then who got none, with the reason
written     as CSV, which no spreadsheet takes for formulas
drawn       as a PDF: the sum, exclusions and failed letters
"""

from sources.mailing.reports.drawn import MOST_LINES, ReportPage, drawn
from sources.mailing.reports.lines import failed_lines, report_lines
from sources.mailing.reports.written import written

__all__ = ["MOST_LINES", "ReportPage", "drawn", "failed_lines", "report_lines", "written"]
