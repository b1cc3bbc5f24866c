"""Draws symbols.ttf: the few signs of the interface that its text font lacks. Needs fonttools."""

from fontTools.fontBuilder import FontBuilder
from fontTools.pens.ttGlyphPen import TTGlyphPen

UNITS, WIDTH = 1000, 760


def polygon(points):
    pen = TTGlyphPen(None)
    pen.moveTo(points[0])
    for point in points[1:]:
        pen.lineTo(point)
    pen.closePath()
    return pen.glyph()


EMPTY = TTGlyphPen(None).glyph()
GLYPHS = {
    ".notdef": (None, EMPTY),
    "arrow": (0x2192, polygon([(60, 275), (60, 335), (545, 335), (420, 460), (465, 505), (665, 305), (465, 105),
                               (420, 150), (545, 275)])),
    "check": (0x2714, polygon([(70, 300), (140, 365), (270, 235), (575, 580), (650, 515), (275, 95)])),
    "cross": (0x2716, polygon([(95, 150), (275, 330), (95, 510), (160, 575), (340, 395), (520, 575), (585, 510), (405, 330),
                               (585, 150), (520, 85), (340, 265), (160, 85)])),
    "copy": (0x1F5D0, polygon([(110, 20), (110, 500), (210, 500), (210, 620), (610, 620), (610, 140), (510, 140), (510, 20)])),
    "minus": (0x2212, polygon([(90, 278), (90, 332), (510, 332), (510, 278)])),
}
WIDTHS = {".notdef": 500, "arrow": WIDTH, "check": 720, "cross": 680, "copy": 720, "minus": 600}

font = FontBuilder(UNITS, isTTF=True)
font.setupGlyphOrder(list(GLYPHS))
font.setupCharacterMap({code: name for name, (code, _) in GLYPHS.items() if code})
font.setupGlyf({name: glyph for name, (_, glyph) in GLYPHS.items()})
font.setupHorizontalMetrics({name: (WIDTHS[name], 60) for name in GLYPHS})
font.setupHorizontalHeader(ascent=930, descent=-240)
font.setupNameTable({"familyName": "nearmiss symbols", "styleName": "Regular"})
font.setupOS2(sTypoAscender=930, sTypoDescender=-240)
font.setupPost()
font.save("symbols.ttf")
