"""Who renders and prints the letters of mailings, as the settings say.

Wiring: settings -> what mailing needs besides its database. Nothing is asked here, and nothing opened.
"""

from gateway.config import Settings
from gateway.printers import open_printers
from resolvers.mailing import Delivery
from sources.mailing.lettering import Lettering, check_body
from sources.records.papers import Party

__all__ = ["open_delivery"]


def open_delivery(settings: Settings, seller: Party | None) -> Delivery:
    """Letters bear the paper of the one who issues invoices; where that is nobody, none can be made."""
    return Delivery(
        typeset=Lettering(seller) if seller else None, check_body=check_body, printers=open_printers(settings)
    )
