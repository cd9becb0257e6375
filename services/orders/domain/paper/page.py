"""Documents as HTML: one file that loads nothing and runs nothing."""

from html import escape

from services.orders.domain.paper.rows import Face, Paper, Row

POLICY = "default-src 'none'; style-src 'unsafe-inline'"
STYLE = (
    "body{font:15px/1.45 ui-monospace,Menlo,Consolas,monospace;max-width:26em;margin:1em auto;padding:0 1em;"
    "color:#000;background:#fff}"
    "p{display:flex;justify-content:space-between;gap:1em;margin:0;overflow-wrap:anywhere}"
    "p.centred{justify-content:center;text-align:center}p.bold{font-weight:bold}"
    "p.big{font-weight:bold;font-size:1.6em}p.indent{padding-left:1.5em}"
    "hr{border:0;border-top:1px dashed;margin:.5em 0}span+span{white-space:nowrap}"
)


def as_html(paper: Paper) -> str:
    """A whole document. Texts of people are kept apart from what stands around them (``bdi``)."""
    rows = "\n".join(_row(row) for row in paper.rows)
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{escape(POLICY)}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(paper.title)}</title><style>{STYLE}</style></head>\n<body>\n{rows}\n</body></html>\n"
    )


def _row(row: Row) -> str:
    if row.face is Face.RULE:
        return "<hr>"
    looks = [row.face.value] if row.face is not Face.PLAIN else []
    looks += ["centred"] if row.centred else []
    looks += ["indent"] if row.indent else []
    attribute = f' class="{" ".join(looks)}"' if looks else ""
    cells = "".join(f"<span><bdi>{escape(cell)}</bdi></span>" for cell in (row.left, row.right) if cell)
    return f"<p{attribute}>{cells}</p>"
