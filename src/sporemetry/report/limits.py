"""How much a page shows: it must stay small enough to be mailed and opened, whatever the folder holds."""

from __future__ import annotations

# Up to so many images a page shows every one, and a row of each.
ALL_SHOWN_MOST = 200
# Of more, so many are shown, large enough to be checked by eye. The page then stays well below 5 MB.
SHOWN_OF_MANY = 60
# Rows of a table on a page; a table of thousands is read in a spreadsheet.
ROWS_MOST = 300
# Bytes that the images of a page may take. Mail servers commonly refuse 20 to 25 MB, and mail encoding adds a
# third to a page of 12 MB; tables, charts and style of 200 images need far less than the rest.
ALL_IMAGES_MAX_BYTES = 10_500_000
SELECTED_IMAGES_MAX_BYTES = 2_800_000
