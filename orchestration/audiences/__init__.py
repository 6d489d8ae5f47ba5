"""Audiences (人群圈选): who is in, by rules that people write in dbt_project/audiences.

document → definition → plan → members; report and export are what the commands do with them.
Belongs here: the language of audiences, and finding their members in a DuckDB file. Does not belong
here: conditions on one row (orchestration/conditions), keeping history of members and deciding who
is written to (dbt_project/models/marts/activation).
"""
