"""The permission map as one page: its template, style and scripts, and what puts them together."""
