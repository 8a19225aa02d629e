"""Lists of image URLs as people have them: text, CSV, TSV, JSON Lines or Parquet, packed or not, one file or many.

    names ──files──▶ files ──streams──▶ bytes ──lines──▶ lines ─┬─ delimited ─┐
                        │                                       └─ json_rows ─┼──▶ rows ──layouts──▶ images
                        └──────────────────────────────── parquet_rows ───────┘

A list is read a page at a time, from a cursor; a row that can't be read costs itself and nothing else.
"""
