"""Words that stand in any caption whatever it shows: articles, prepositions, pronouns and the like.

Many of them are names of something, too (``in`` Indiana, ``he`` helium, ``as`` arsenic, Dutch ``haar`` hair): alone
they would find nearly every picture. In phrases they count as any other word. Words that also name what pictures show
in another language are left out of the list (``son``, ``door``, ``can``, ``wat``).
"""

from typing import Final

_ENGLISH: Final = """
a an the and or but nor if in on at by to of for from with without into onto over under up out off as than then
so too no not yes i me my he him his she her hers it its we us our you your they them their this that these
those who whom whose what which when where why how am is are was were be been being do does did done has have
had having will would shall should could may might must all any some each every both few more most other such
only own same very just now here there also about after again before between during through above below while
because until against once one
"""
_SPANISH: Final = """
el la los las lo un una unos unas y e o u de del al a en con por para sin sobre entre hasta desde que se su sus
mi mis tu tus te me nos le les no si sí ya más muy como es está están fue ser este esta estos estas ese esa eso
esto cuando donde
"""
_ITALIAN: Final = """
il lo la i gli le un uno una e ed o di del dello della dei degli delle a ad al allo alla ai agli alle da dal
dalla dai dalle in nel nella nei nelle con su sul sulla sui sulle per tra fra che chi non è si ci ne mi ti vi
come più ma se sono questo questa questi queste suo sua
"""
_DUTCH: Final = """
de het een en of in op met van voor aan uit bij naar om te is zijn was niet dat die dit deze ik je jij hij zij
ze we wij er ook als maar tot over nog dan wie haar mijn al geen heeft werd wordt worden
"""
COMMON: Final = frozenset(f"{_ENGLISH} {_SPANISH} {_ITALIAN} {_DUTCH}".split())


def is_common(name: str) -> bool:
    """Whether a name of one word, in lower case, says nothing alone: on the list, a number, or a single letter."""
    return name in COMMON or name.isdigit() or (len(name) == 1 and (name.isascii() or name < "\u3000"))
