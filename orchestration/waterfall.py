"""Match weights as a waterfall: what each piece of evidence adds, drawn as SVG.

Belongs here: the drawing. Does not belong here: finding the evidence (analysis/explanation.py).
Splink's own chart is a page that loads its drawing library from the network; this one is whole.
"""

from __future__ import annotations

from collections.abc import Sequence
from xml.sax.saxutils import escape

from orchestration.analysis.explanation import PRIOR, Evidence

ROW, TOP, LEFT, WIDTH, MARGIN = 26, 64, 330, 420, 70
FOR, AGAINST, START, SUM = "#2f7d4f", "#b5483a", "#6b7280", "#1f3b63"


def waterfall_svg(title: str, evidence: Sequence[Evidence], match_weight: float) -> str:
    """Draw how the weights of one link add up.

    Args:
        title: Names the two records; no values of a person.
        evidence: The parts, the prior first.
        match_weight: Their sum in bits.

    Returns:
        A complete SVG document.
    """
    bars = []
    total = 0.0
    for part in evidence:
        bars.append((label_of(part), total, total + part.weight, colour_of(part)))
        total += part.weight
    bars.append(("match weight", 0.0, match_weight, SUM))
    low = min(0.0, *(min(start, end) for _, start, end, _ in bars))
    high = max(0.0, *(max(start, end) for _, start, end, _ in bars))
    scale = WIDTH / ((high - low) or 1.0)
    height = TOP + ROW * len(bars) + 28
    zero = LEFT + (0.0 - low) * scale
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{LEFT + WIDTH + MARGIN}" '
        f'height="{height}" font-family="sans-serif" font-size="13">',
        '<rect width="100%" height="100%" fill="white"/>',
        f'<text x="16" y="26" font-size="15" font-weight="bold">{escape(title)}</text>',
        '<text x="16" y="46" fill="#555">Bits for (right) and against (left) one person; '
        "probability = 1 / (1 + 2^-weight)</text>",
        f'<line x1="{zero:.1f}" y1="{TOP - 8}" x2="{zero:.1f}" y2="{height - 20}" stroke="#999"/>',
    ]
    for row, (label, start, end, colour) in enumerate(bars):
        y = TOP + ROW * row
        x = LEFT + (min(start, end) - low) * scale
        width = max(abs(end - start) * scale, 1.0)
        beside = LEFT + (max(start, end) - low) * scale + 6
        lines += [
            f'<text x="{LEFT - 12}" y="{y + 14}" text-anchor="end">{escape(label)}</text>',
            f'<rect x="{x:.1f}" y="{y}" width="{width:.1f}" height="18" fill="{colour}"/>',
            f'<text x="{beside:.1f}" y="{y + 14}">{end - start:+.2f}</text>',
        ]
    lines.append("</svg>")
    return "\n".join(lines) + "\n"


def label_of(part: Evidence) -> str:
    """What a reader sees of one part."""
    if part.comparison == PRIOR:
        return "before looking"
    name = part.comparison.replace("_", " ")
    return f"{name}: {part.level}" if part.level else f"pair of {name}"


def colour_of(part: Evidence) -> str:
    """Grey for what is known before looking, green for and red against."""
    if part.comparison == PRIOR:
        return START
    return FOR if part.weight >= 0 else AGAINST
