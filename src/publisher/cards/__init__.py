"""Cards: text in any direction and photos from anywhere become pictures a Channel can carry."""

from publisher.cards.card import MAX_BYTES, VERSION, card_key, draw_card
from publisher.cards.intake import BadPhoto, Master, open_photo
from publisher.cards.photo import Drawn, fit_photo
from publisher.cards.words import Brief

__all__ = [
    "MAX_BYTES",
    "VERSION",
    "BadPhoto",
    "Brief",
    "Drawn",
    "Master",
    "card_key",
    "draw_card",
    "fit_photo",
    "open_photo",
]
