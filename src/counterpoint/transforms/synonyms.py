"""Everyday words that may stand for each other whatever stands around them.

Pairs are kept narrow: the same part of speech and form, no second meaning of the word
that is replaced, nothing that tells a side, a colour, a count or a negation. ``_`` is a
space.
"""

from __future__ import annotations

_BOTH_WAYS = """
big large | bigger larger | biggest largest | photo photograph | photos photographs | bicycle bike | bicycles bikes
couch sofa | couches sofas | refrigerator fridge | refrigerators fridges | mom mother | moms mothers | dad father
dads fathers | kids children | nearly almost | quickly rapidly | huge enormous | clever smart | jumping leaping
jumped leaped | maybe perhaps | often frequently | silent quiet | silently quietly | trash garbage | luggage baggage
backpack rucksack | backpacks rucksacks | baby infant | babies infants | doctor physician | doctors physicians
rabbit bunny | rabbits bunnies | images pictures | slim slender | damp moist | frightened scared | located situated
lawyer attorney | lawyers attorneys | speaking talking | speaks talks | contains includes | contain include
showing displaying | everybody everyone | somebody someone | constructed built
"""
_ONE_WAY = """
automobile car | automobiles cars | airplane plane | airplanes planes | aeroplane airplane | aeroplanes airplanes
television TV | televisions TVs | kid child | snapshot photo | snapshots photos | movie film | movies films
beside next_to | beneath under | underneath under | beautiful lovely | happy cheerful | stone rock | stones rocks
street road | streets roads | jumps leaps | smiling grinning | tidy neat | messy untidy | ill sick | rich wealthy
usually normally | difficult tricky | easy simple | strange weird | rubbish trash | cellphone mobile_phone
cellphones mobile_phones | phone telephone | phones telephones | spectacles glasses | trousers pants
sneakers trainers | gentleman man | gentlemen men | lady woman | ladies women | guy man | guys men | folks people
individuals people | policeman police_officer | policemen police_officers | fireman firefighter | firemen firefighters
supper dinner | gift present | gifts presents | image picture | thin slim | soaked drenched | filthy very_dirty
tired weary | require need | requires needs | required needed | obtain get | obtained got | attempted tried
construct build | discover find | discovered found | chose picked | outdoors outside | indoors inside | assist help
assists helps | vacant empty | gigantic huge | tiny very_small | joyful happy | afraid scared | begin start
begins starts | ocean sea | oceans seas | entire whole | broad wide | taxi cab | taxis cabs | seated sitting
buy purchase | bought purchased | repaired fixed | repairing fixing | forest woods
"""


def _table() -> dict[str, tuple[str, ...]]:
    found: dict[str, list[str]] = {}
    for text, both in ((_BOTH_WAYS, True), (_ONE_WAY, False)):
        for pair in text.replace("\n", "|").split("|"):
            if pair.strip():
                a, b = (w.replace("_", " ") for w in pair.split())
                found.setdefault(a, []).append(b)
                if both:
                    found.setdefault(b, []).append(a)
    return {word: tuple(others) for word, others in found.items()}


SYNONYMS = _table()
"""The words, in lower case, that may replace a word."""
