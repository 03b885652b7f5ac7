"""The table that tells sides from the other meanings of "left" and "right".

One row a meaning, in the order in which they are asked; the first that fits decides.
``before`` must end in front of the word, ``after`` begin behind it, both without regard
to case. Rows that refuse stand where two meanings fit the same words.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Literal, NamedTuple

Verdict = Literal["swap", "keep", "refuse"]

WORDS = {
    "left": "right",
    "l": "r",
    "lul": "rul",
    "lll": "rll",
    "leftmost": "rightmost",
    "leftward": "rightward",
    "leftwards": "rightwards",
    "lefthand": "righthand",
    "lefthanded": "righthanded",
    "leftside": "rightside",
    "lefty": "righty",
    "lefties": "righties",
    "topleft": "topright",
    "bottomleft": "bottomright",
    "upperleft": "upperright",
    "lowerleft": "lowerright",
    "clockwise": "counterclockwise",
    "port": "starboard",
}

_SIDE = r"(left|right)\b"
_OWNER = (
    r"\b(the|its|his|her|their|your|my|our|whose|a|an|another|(?!(he|she|it|that|what|who|there|here)['’])\w+['’]s)\s+"
)
_MORE = (
    r"((far|extreme|very|immediate|upper|lower|top|bottom|front|back|rear|hind|middle|mid|center|centre|outer|inner|"
    r"bare|raised|gloved|injured|medial|lateral|anterior|posterior|internal)[\s-]+)*"
)
_PREP = r"\b(on|to|from|towards?|at|in|into|onto|by|off|via)\s+"
_LINK = r"[\s-]*(\band\b|\bor\b|\bto\b|\bthen\b|/|&|\bvs\.?|\bnor\b|-)[\s-]*((the|to|then|from|far|on)[\s-]+)*"
_BETWEEN = r"\s*,\s*(and\s+)?(center|centre|middle|front|straight|up|down|top|bottom)\s*(,\s*and|,\s*or|,|and|or)\s*"
_THING = (
    r"\s+(guys?|m[ae]n|wom[ae]n|boys?|girls?|kids?|lady|ladies|dogs?|cats?|horses?|cows?|sheep|zebras?|giraffes?|"
    r"elephants?|bears?|birds?|cars?|trucks?|bus(es)?|bikes?|trains?|boats?|planes?|chairs?|couch|tables?|beds?|cups?|"
    r"glass(es)?|bottles?|plates?|bowls?|players?|batters?|skiers?|surfers?|umbrellas?|laptops?|monitors?|animals?)\b"
)
_END = r"\s*($|[.,;:!?)\]}\n])"
_FINE = (
    r"((upper|lower|middle|mid|inner|outer|internal|external|main|front|back|rear|hind|fore|medial|lateral|anterior|"
    r"posterior|superior|inferior|central|common|basal|apical|most)([\s-]+and)?[\s-]+)*"
)
_PLACE = (
    rf"[\s-]+{_FINE}(arms?|hands?|legs?|foot|feet|eyes?|ears?|wings?|paws?|knees?|elbows?|shoulders?|thumbs?|fingers?|"
    r"wrists?|ankles?|thighs?|hips?|cheeks?|hoo(f|ves)|breasts?|lungs?|lobes?|zones?|kidneys?|ventric\w+|atri\w+|"
    r"bronch\w+|hemi\w+|pleura\w*|jugular|subclavian|carotid|femoral|hil\w+|ap(ex|ices)|bas(e|es|al|ilar)|axis|bundle|decubitus|total|renal|hepatic|hydro\w+|colon|flank|quadrants?|groin|"
    r"inguinal|temporal|parietal|frontal|occipital|ij|mca|picc|heart|costophrenic|"
    r"para\w+|perihilar|pneumo\w+|infiltrat\w+|opaci\w+|consolidation\w*|effusions?|lung|mid-?zone|chest|thora\w+|"
    r"sided?|sides|walls?|corners?|edges?|half|halves|part|portion|third|quarter|lanes?|turns?|borders?|margins?|"
    r"panels?|columns?|images?|pictures?|pics?|photo\w*|frames?|screens?|views?|cameras?|speakers?|channels?|arrows?|"
    r"buttons?|wheels?|doors?|hooks?|punch\w*|blinkers?|indicators?|gloves?|shoes?|socks?|boots?|sleeves?|mirrors?|most"
    r")\b(?!-)"
)
_HAND = r"[\s-]+(hand(ed|er|ers)?|sided?|most|footed)\b"
_BODIES = (
    r"(part(y|ies)|politic\w*|extremis\w*|activis\w*|movements?|govern\w+|radicals?|populis\w*|voters?|polic\w+)\b"
)
_OF_TRUTH = (
    r"\s+(answers?|things?|times?|moments?|amounts?|ideas?|decisions?|reasons?|kinds?|sorts?|balance|minds?|prices?|"
    r"conditions?|circumstances|approach|attitude|questions?|solutions?|combinations?|ingredients?|mood|temperature|"
    r"frame of mind|stuff|job|outfit|spelling|mindset|man for the|person for the|tools? for the)\b"
)
_LAW = (
    r"\s+to\s+(vote|be|life|privacy|education|remain|bear|know|choose|refuse|appeal|work|say|speak|live|own|use|"
    r"protest|free\w*|asylum|strike|repair|fish|play|access|silence|die)\b"
)
_UNSURE = (
    r"\s+(person|people|ones?|ways?|directions?|places?|positions?|spots?|track|tools?|words?|order|choices?|path|road|"
    r"buttons?|keys?|shoes|gloves|boots|socks|clothes|gear|size|shape|colou?rs?|length|height|number|fork|friend|level)\b"
)
_IMMEDIATELY = (
    r"\s+(after|before|next to|beside|behind|above|below|under|underneath|beneath|over|in front|in|at|there|here|up|"
    r"down|through|into|out|back|where|when|as|by|near|against|along|across|around|between|outside|inside|onto|on|past|"
    r"until|beyond|off|about|among\w*)\b"
)
_VERB = (
    r"fac(e|es|ed|ing)|look(s|ed|ing)?|point(s|ed|ing)?|lean(s|ed|ing|t)?|tilt(s|ed|ing)?|head(s|ed|ing)?|go|goes|"
    r"going|went|gone|mov(e|es|ed|ing)|walk(s|ed|ing)?|run(s|ning)?|ran|driv(e|es|ing)|drove|fly|flies|flying|flew|"
    r"step(s|ped|ping)?|slid(e|es|ing)?|angled|aim(s|ed|ing)?|slant(s|ed|ing)?|curv(e|es|ed|ing)|bend(s|ing)?|bent|"
    r"swing(s|ing)?|swung|shift(s|ed|ing)?|directed|oriented|positioned|gaz(e|es|ed|ing)|star(es|ed|ing)|"
    r"glanc(e|es|ed|ing)|roll(s|ed|ing)?|pull(s|ed|ing)?|push(es|ed|ing)?|drift(s|ed|ing)?|keep(s|ing)?|kept"
)
_STEER = (
    r"turn(s|ed|ing)?|veer(s|ed|ing)?|swerv(e|es|ed|ing)|steer(s|ed|ing)?|bear(s|ing)?|merg(e|es|ed|ing)|"
    r"swip(e|es|ed|ing)|scroll(s|ed|ing)?|pan(s|ned|ning)?|rotat(e|es|ed|ing)"
)
_HOW = (
    r"\s+((directly|slightly|sharply|hard|straight|further|farther|far|more|back|mostly|immediately|towards?|to|"
    r"completely|fully)\s+)*"
)
_TURN = rf"\b({_VERB}|{_STEER}){_HOW}"
_AWAY = (
    r"\s+(the|a|an|his|her|him|them|me|us|their|its|my|your|our|this|that|these|those|it|home|work|school|town|"
    r"early|late|alone|out|unattended|open|empty|untouched|because|after|before|for|with|without|yesterday|today|"
    r"already|by|in|on|over|standing|hanging|lying|sitting|leaning|blank|un\w+|unfinished|uncovered|undone|intact|exposed|only|some|"
    r"no|nothing|much|plenty|several|two|three|many|at)\b"
)
_SOME = r"\b(what(ever|['’]s)?|nothing|little|all|none|not much|much|anything|everything|something|enough|any|lots)\s+"
_COUNT = r"\b(no|one|two|three|four|five|six|seven|eight|nine|ten|few|many|more|some|any|\d+)\s+"


class Rule(NamedTuple):
    """What the word ``word`` is between ``before`` and ``after``."""

    verdict: Verdict
    word: Literal["left", "right", "either"]
    before: str
    after: str

    def decides(self, text: str, start: int, end: int, word: str) -> bool:
        if self.word not in ("either", word) or not _pattern(self.after).match(text, end):
            return False
        return not self.before or _pattern(f"(?:{self.before})\\Z").search(text, max(start - 200, 0), start) is not None


@lru_cache(maxsize=256)
def _pattern(source: str) -> re.Pattern[str]:
    return re.compile(source, re.IGNORECASE | re.DOTALL)


def is_place(text: str, at: int) -> bool:
    """Whether the name of a part of a body, a picture or a room begins at ``at``."""
    return _pattern(_PLACE).match(text, at) is not None


RULES: tuple[Rule, ...] = (
    # The whole text, an identifier, a heading.
    Rule("swap", "either", r"^\W*", r"[^\w?]*$"),
    Rule("swap", "either", "", "_"),
    Rule("swap", "either", "_", ""),
    Rule("swap", "either", r"[(\[{]\s*((far|top|bottom|upper|lower|middle)[\s-]+)?", r"\s*[)\]}]"),
    Rule("swap", "either", r"(^|[\n.;,]\s*)", r"\s*:"),
    # "left": what remains, and the past of "leave".
    Rule("keep", "left", "", r"[\s-]+overs?\b"),
    Rule("keep", "left", "", r"[\s-]+behind\b"),
    Rule("keep", "left", _SOME + r"((that|which|who)\s+)?((is|was|are|were)\s+)?", rf"(\s+of\b|{_END})"),
    Rule("keep", "left", "", r"\s+of\s+(his|her|their|its|my|your|our)\s+own\b"),
    Rule("keep", "left", "", r"\s+to\s+(dry|cool|rest|cook|die|rot|rise|go|do|play|see|eat|be|chance|itself|spare)\b"),
    Rule(
        "keep",
        "left",
        r"\b(he|she|they|we|i|who|everyone|everybody|someone|somebody|nobody)\s+(\w+ly\s+|never\s+|just\s+|"
        r"already\s+|then\s+)?",
        r"(?!-|\s+of\b)",
    ),
    Rule(
        "refuse",
        "left",
        r"\b(front|back|rear|middle|center|centre|top|bottom)\s+",
        r"\s+(the|a|an|his|her|their|its|for|"
        r"early|at)\b",
    ),
    # "right": truth, law, "immediately", "is it not".
    Rule("keep", "right", r",\s*", r"\s*\?"),
    Rule("keep", "right", r"(^|[.!?]\s+)", r"\s*\?"),
    Rule(
        "keep",
        "right",
        r"\b(all|quite|just|exactly|about|serves?\s+\w+|(every|any|no)?things?\s+(goes|go|went|going|gone))"
        r"\s+",
        _END,
    ),
    Rule("keep", "right", "", r"\s+(or|and|from)\s+wrong\b"),
    Rule("keep", "right", r"\bwrong\s+(or|and|from)\s+", ""),
    Rule("keep", "right", "", r"[\s-]+(of[\s-]way|(side|way)[\s-]up|angled?|angles|minded|enough|on time)\b"),
    Rule(
        "keep",
        "right",
        r"\b(a|an|any|every|isosceles|scalene|two|three|four|several|some|all)\s+",
        r"[\s-]+triangles?\b",
    ),
    Rule("keep", "right", r"\b(that|it|he|she|you|they|i|we|this|what)(['’](s|re|m)|\s+(is|are|was|were|am))\s+", _END),
    Rule("keep", "right", "", _OF_TRUTH),
    Rule("keep", "right", "", r"\s+(honou?rable|reverend)\b"),
    Rule("keep", "right", r"\b(the|a|no|any|every|equal|have|has|had|his|her|their|our|my|your|its)\s+", _LAW),
    Rule("keep", "right", r"\b(human|civil|equal|legal|voting|property)\s+", ""),
    # Two meanings fit.
    Rule("refuse", "either", "", r"[\s-]+(wing(er)?s?\s+|leaning\s+)?" + _BODIES),
    Rule("refuse", "either", "", r"-wing(er)?s?\b"),
    Rule("refuse", "either", "", r"[\s-]+(click\w*|brain\w*|bank)\b"),
    Rule(
        "refuse",
        "left",
        r"(?<!\bon )(?<!\bto )(?<!\bat )(?<!\bin )(?<!from )\bthe\s+",
        r"\s+(has|have|wants?|argues?|argued|"
        r"votes?|voted|believes?|claims?)\b",
    ),
    Rule("swap", "right", r"\b(the|its|his|her|their)\s+left\b.{0,200}", _UNSURE),
    Rule("swap", "right", "", _UNSURE + r".{0,200}\b(the|its|his|her|their)\s+left\b"),
    Rule("refuse", "right", "", _UNSURE),
    Rule("refuse", "right", r"\bthe\s+", r"[\s-]+triangles?\b"),
    Rule("refuse", "right", r"\b\w*n['’]t\s+\w+\s+|\bnot\s+\w+\s+|\b(that|this|something|nothing)\s+looks?\s+", _END),
    Rule("refuse", "right", r"\blook(s|ed|ing)?\s+", r"\s+(to|for|with)\s+(me|him|her|us|you)\b"),
    Rule("swap", "either", _PREP + _OWNER + _MORE, ""),
    Rule("refuse", "either", _TURN, r"\s+(now|away)\b"),
    Rule(
        "swap",
        "either",
        rf"\b({_STEER}){_HOW}",
        r"\s+(at|on|onto|into|in|before|after|when|past|by|near|until|here|there|to)\b",
    ),
    Rule("refuse", "right", _TURN, _IMMEDIATELY),
    Rule("refuse", "right", _TURN, r"\s+to\b(?!\s+(the\s+)?left)"),
    Rule("keep", "right", "", r"\s+(now|away|there|here)\b"),
    # Sides and directions.
    Rule("swap", "either", _TURN, ""),
    Rule("swap", "either", "", _LINK + _SIDE),
    Rule("swap", "either", rf"\b{_SIDE}{_LINK}", ""),
    Rule("swap", "either", rf"\b{_SIDE}[^.!?]{{0,60}}\b(and|then|or)\s+", _END),
    Rule("swap", "either", r"\b(left|right)\s*,\s*", r"(?!\s+(now|away)\b)(?!" + _IMMEDIATELY + ")"),
    Rule("swap", "either", "", r"\s*,\s*" + _SIDE + r"(?!\s+(now|away)\b)(?!" + _IMMEDIATELY + ")"),
    Rule("swap", "either", r"\b(upper|lower|top|bottom|far|cent(er|re)|stage|camera|house|front|back|rear)[\s-]+", ""),
    Rule("refuse", "right", r"\bthe\s+", r"\s+to\b(?!\s+(the\s+)?left)"),
    Rule("swap", "either", rf"\b{_SIDE}{_BETWEEN}", ""),
    Rule("swap", "either", "", _BETWEEN + _SIDE),
    Rule(
        "swap",
        "either",
        r"\b(the|your)\s+(first|second|third|fourth|next)\s+",
        r"(\s+(turn|after|before|at|onto|past)\b|" + _END + ")",
    ),
    Rule("swap", "either", r"(^|,\s*|\band\s+)", _THING),
    Rule("swap", "either", "", r"\s+of\b"),
    Rule("swap", "either", "", r"-[a-z]+"),
    Rule("swap", "either", "", _PLACE),
    Rule("swap", "either", "", _HAND),
    Rule("swap", "either", _OWNER + _MORE, ""),
    Rule("refuse", "right", _PREP, _IMMEDIATELY),
    Rule("swap", "either", _PREP, ""),
    # What is left of "right" is "immediately", of "left" is "leave".
    Rule("keep", "right", "", _IMMEDIATELY),
    Rule("keep", "left", r"\b(it|you|that|which|never|already|recently|finally|just)\s+", ""),
    Rule("keep", "left", "", _AWAY),
    Rule(
        "keep",
        "left",
        r"\b(has|have|had|having|\w+['’]ve|there (is|are|was|were) [\w\s-]{1,30}|only [\w\s-]{1,20})\s*",
        _END,
    ),
    Rule("keep", "left", _COUNT + r"(\w+\s+)?", _END),
    Rule("keep", "left", rf"({_COUNT}|\b(half|only)\s+)[^.!?]{{0,40}}\b(is|are|was|were)\s+", _END),
    Rule("keep", "left", r"\b(is|are|was|were|be|been|being)\s+", r"\s+to\b"),
)
