"""The documents of what billing issues: written from what a rule decided, and kept.

    rendering   content -> PDF (typst), UBL and CII (factur-x); equal content gives equal bytes
    keeping     one row for each file; what is kept never changes (immutability.py)

Rendering is no part of the transaction that issues. Number, days, lines and parties are fixed there, and documents are
made of nothing else: after a crash in between whoever asks next makes the same ones.
"""

from sources.billing.documents.keeping import contents_of, documents_of, keep
from sources.billing.documents.rendering import File, render

__all__ = ["File", "contents_of", "documents_of", "keep", "render"]
