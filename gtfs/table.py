"""Tables of text: what the files of a feed are before they are written."""

from collections.abc import Mapping, Sequence

Row = Mapping[str, str]
"""One line of a file: column name to text. All rows of a file have the same columns in the same order."""
Tables = Mapping[str, Sequence[Row]]
"""File name to rows, in the order of the zip; files without rows are left out."""
