"""A document as it is handed out: bytes, what they are, and what a file of them is called."""

from dataclasses import dataclass
from enum import StrEnum

from services.orders.domain.paper.escpos import as_escpos
from services.orders.domain.paper.page import as_html
from services.orders.domain.paper.rows import Paper
from services.orders.domain.paper.text import as_text

WIDTH_DEFAULT = 42
"""Characters of a line; 32, 42 and 48 are those of usual printers."""


class Form(StrEnum):
    """In which form a document is told."""

    HTML = "html"
    TEXT = "text"
    ESCPOS = "escpos"


SUFFIXES = {Form.HTML: "html", Form.TEXT: "txt", Form.ESCPOS: "bin"}
MEDIA_TYPES = {
    Form.HTML: "text/html; charset=utf-8",
    Form.TEXT: "text/plain; charset=utf-8",
    Form.ESCPOS: "application/octet-stream",
}


@dataclass(frozen=True, slots=True)
class Document:
    """``file_name`` is ASCII."""

    content: bytes
    media_type: str
    file_name: str


def document_of(paper: Paper, form: Form, name: str, width: int = WIDTH_DEFAULT) -> Document:
    """The paper in this form. ``name`` is ASCII, without a suffix."""
    if form is Form.ESCPOS:
        content = as_escpos(paper, width)
    else:
        content = (as_html(paper) if form is Form.HTML else as_text(paper, width)).encode()
    return Document(content, MEDIA_TYPES[form], f"{name}.{SUFFIXES[form]}")
