"""Writes src/data/tokens/unicodeTables.ts: what the `tokenizers` library (0.22, 0.23) takes each character for.

Usage: python scripts/unicode_classes.py | node scripts/unicodeClasses.mjs
The first half asks the library, the second compares with Node's Unicode and writes the file.
"""
import json
import sys
import unicodedata

from tokenizers import Regex, normalizers, pre_tokenizers

points = [point for point in range(0x110000) if not 0xD800 <= point <= 0xDFFF]
bert = dict(clean_text=False, handle_chinese_chars=False, strip_accents=False, lowercase=False)
clean = normalizers.BertNormalizer(**{**bert, "clean_text": True})
accents = normalizers.BertNormalizer(**{**bert, "strip_accents": True})
marks, lower = normalizers.StripAccents(), normalizers.Lowercase()
forms = {name: getattr(normalizers, name)() for name in ("NFC", "NFD", "NFKC", "NFKD")}


def parts(splitter, point):
    return [text for text, _ in splitter.pre_tokenize_str("a" + chr(point) + "b")]


def isolated(splitter):
    return [point for point in points if parts(splitter, point) == ["a", chr(point), "b"]]


def matched(pattern):
    splitter = pre_tokenizers.Split(Regex(pattern), "isolated")
    return [p for p in points if len(splitter.pre_tokenize_str("\ue000" + chr(p) + "\ue000")) == 3]


classes = {
    "removed": [point for point in points if clean.normalize_str(chr(point)) == ""],
    "accent": [point for point in points if accents.normalize_str(chr(point)) == ""],
    "mark": [point for point in points if marks.normalize_str(chr(point)) == ""],
    "space": [p for p in points if parts(pre_tokenizers.WhitespaceSplit(), p) == ["a", "b"]],
    "punctuation": isolated(pre_tokenizers.Punctuation()),
    "numeric": isolated(pre_tokenizers.Digits(individual_digits=True)),
    "letter": matched(r"\p{L}"),
    "number": matched(r"\p{N}"),
    "upper": matched(r"\p{Lu}"),
    "lower": matched(r"\p{Ll}"),
    "digit": matched(r"\p{Nd}"),
    "anyMark": matched(r"\p{M}"),
    "anyPunctuation": matched(r"\p{P}"),
    "symbol": matched(r"\p{S}"),
    "patternWord": matched(r"\w"),
    "word": [p for p in points if parts(pre_tokenizers.Whitespace(), p) == ["a" + chr(p) + "b"]],
}
lowered = {p: lower.normalize_str(chr(p)) for p in points}
json.dump(
    {
        "classes": classes,
        "lower": {p: text for p, text in lowered.items() if text != chr(p).lower()},
        "normal": {
            name: {p: text for p in points if (text := form.normalize_str(chr(p))) != chr(p)}
            for name, form in forms.items()
        },
        "ordered": [
            p
            for p in points
            if forms["NFD"].normalize_str("a\u0345" + chr(p) + "\u0334")
            != "a\u0345" + forms["NFD"].normalize_str(chr(p)) + "\u0334"
        ],
    },
    sys.stdout,
)
