"""Mailing: templates, campaigns, letters and notices."""

from sources.mailing.rules import MailingRules
from sources.mailing.system import Mailing
from sources.mailing.tables import METADATA

__all__ = ["METADATA", "Mailing", "MailingRules"]
