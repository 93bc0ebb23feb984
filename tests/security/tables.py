"""A plugin for `make security`: prints what tests recorded as tables, when all have run."""

import pytest

WIDTH = 13
Table = dict[str, dict[str, str]]  # by row, what stands in each column


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    tables = [
        (name, table)
        for reports in terminalreporter.stats.values()
        for report in reports
        if getattr(report, "when", "") == "call"
        for name, table in report.user_properties
    ]
    for name, table in sorted(tables, key=lambda pair: pair[0]):
        terminalreporter.section(f"{name}: {len(table)} rows")
        for line in lines(table):
            terminalreporter.write_line(line)


def lines(table: Table) -> list[str]:
    """A table as text; its columns are named again where they change."""
    widest = max(map(len, table), default=0)
    written, columns = [], ()
    for row, cells in table.items():
        if tuple(cells) != columns:
            columns = tuple(cells)
            written += ["", " " * (widest + 2) + "".join(column.ljust(WIDTH) for column in columns)]
        written.append(row.ljust(widest + 2) + "".join(cell.ljust(WIDTH) for cell in cells.values()))
    return written
