"""Tokenizer folders, random texts and what Python makes of them.

Usage: python make_tokens.py OUT [COUNT]     (default: 20000 texts a case; test/parity/tokens keeps 300)

Judges: AutoTokenizer of transformers 5 for folders with a class, `tokenizers` for the others. Writes OUT/<case>/ with
the folder's files and `cases.json`: [[text, ids], ...], [[text, pair, length, ids, type ids], ...] and
[[ids, decoded], ...]. The same seed gives the same files.
"""
import json
import random
import shutil
import sys
from pathlib import Path

from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers
from transformers import AutoTokenizer

OUT, COUNT = Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 20000

CORPUS = """What color is the cat? A man in a red shirt is riding a horse on the beach near the ocean, isn't he?
Two dogs don't play with a ball; they'll sleep. The woman's umbrella (blue) cost 12.50 dollars! We've seen 1024 pictures.
Café naïve façade Ångström über straße Élan coöperate. ΣΊΣΥΦΟΣ λόγος Москва хорошо. 猫在桌子上 你好世界 東京タワー カメラ ねこ 한국어 사진
สวัสดี ภาษาไทย مرحبا بالعالم שלום עולם नमस्ते 😀 👍🏽 👨‍👩‍👧 I'm you're he'd SHE'LL CATS DOGS New York COVID-19""".splitlines()

ADDED = [
    AddedToken("<person>"),
    AddedToken("COVID-19"),
    AddedToken("New York"),
    AddedToken("[OBJ]", special=True, normalized=False),
    AddedToken("redblue", single_word=True),
    AddedToken("<l>", lstrip=True),
    AddedToken("<r>", rstrip=True),
    AddedToken("<b>", lstrip=True, rstrip=True, normalized=False),
    AddedToken("Σ猫", normalized=False),
    AddedToken("Élan"),
    AddedToken("<per", normalized=False),
    AddedToken("<w>", single_word=True, lstrip=True, normalized=False),
]
ALPHABETS = [
    "abcdefghijklmnopqrstuvwxyz", "ABCDEFGHIJKLMNOPQRSTUVWXYZ", "0123456789", " ", "  \t\n\r", ".,;:!?'\"()[]{}<>|/\\@#$%^&*_+=~`-",
    "áàâäãåæçéèêëíìîïñóòôöõøœúùûüýÿßÀÉÎÕÜİıŁđþ", "αβγδεςσΑΒΓΣΩάέ", "абвгдеёжзиАБВГДЙй", "一二三猫桌上你好世界東京豈更車", "𠀀𠀁𪚥𫝀𫠝𬺰𠮷𤭢",
    "ねこカメラタワー・ー", "한국어사진ㄱㄴ각가각", "สวัสดีภาษไทยำ", "مرحبابالعالمَُّ", "שלוםעולםִּ", "नमस्ते्ि", "😀👍🏽👨👩👧❤️🇩🇪🏳🌈",
    "\u200d\u200c\u200b\u200e\u200f\u2060\ufeff\u00ad", "\u00a0\u1680\u2000\u2003\u2009\u2028\u2029\u202f\u205f\u3000\u0085\x0b\x0c\x1c\x1f",
    "\x00\x01\x07\x1b\x7f\x80\x9f\ufffd\ufffe\uffff\ue000\U000f0000", "\u0300\u0301\u0308\u0323\u0327\u0345\u20dd\u0489\u1ab0", "fiﬁ①½²ℌ㎏Ⅷ…“”‘’–—·¿¡§", "a\u0301e\u0308A\u030a",
    "ꟊ\U00010d50\U00010d61\U00016d67\U00011938ᲉꟜ\u1e9e\u0130\u01c5", "▁Ġ Ċ</w>##<0x41>",
]
PIECES = [token.content for token in ADDED] + [
    "covid-19", "new york", "NEW YORK", "élan", "redbluecat", " redblue ", "[CLS]", "[SEP]", "[PAD]", "[UNK]", "[MASK]", "[mask]", "<s>", "</s>",
    "<mask>", " <mask> ", "<unk>", "<pad>", "<|startoftext|>", "<|endoftext|>", "<|ENDOFTEXT|>", "don't", "they'll", "we've", "I'm", "you're", "'s", "'S", "it's",
    "the ", "cat", " dog", "\r\n", "   ", "x" * 99, "y" * 100, "z" * 101, "Q" * 250, "ab" * 400, "##ing", "1234567", "12.5", "www.site.org/a?b=c",
] + CORPUS


def text_of(draw):
    parts = []
    for _ in range(draw.choice([1, 1, 2, 3, 5, 8])):
        kind = draw.random()
        if kind < 0.35:
            parts.append(draw.choice(PIECES))
        elif kind < 0.9:
            alphabet = draw.choice(ALPHABETS)
            parts.append("".join(draw.choice(alphabet) for _ in range(draw.choice([1, 1, 2, 3, 5, 9]))))
        else:
            top = draw.choice([0x80, 0x800, 0x3000, 0x10000, 0x20000, 0x110000])
            points = [draw.randrange(top) for _ in range(draw.choice([1, 2, 4]))]
            parts.append("".join(chr(p) for p in points if not 0xD800 <= p <= 0xDFFF))
        if draw.random() < 0.4:
            parts.append(" ")
    return "".join(parts)


BERT = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]


def bert(lowercase=True, **normalizer):
    tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=lowercase, **normalizer)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.train_from_iterator(CORPUS * 3, trainers.WordPieceTrainer(vocab_size=500, special_tokens=BERT, min_frequency=1))
    tokenizer.decoder = decoders.WordPiece(prefix="##")
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS]:0 $A:0 [SEP]:0", pair="[CLS]:0 $A:0 [SEP]:0 $B:1 [SEP]:1", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    return tokenizer


def clip():
    tokenizer = Tokenizer(models.BPE(unk_token="<|endoftext|>", continuing_subword_prefix="", end_of_word_suffix="</w>"))
    tokenizer.normalizer = normalizers.Sequence([normalizers.NFC(), normalizers.Replace(Regex(r"\s+"), " "), normalizers.Lowercase()])
    split = r"<\|startoftext\|>|<\|endoftext\|>|'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+"
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Split(Regex(split), behavior="removed", invert=True), pre_tokenizers.ByteLevel(add_prefix_space=False)]
    )
    tokenizer.train_from_iterator(CORPUS * 3, trainers.BpeTrainer(
        vocab_size=900, special_tokens=["<|startoftext|>", "<|endoftext|>"], initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), end_of_word_suffix="</w>", show_progress=False))
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.post_processor = processors.RobertaProcessing(("<|endoftext|>", 1), ("<|startoftext|>", 0), False, False)
    return tokenizer


def roberta(prefix=False):
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=prefix)
    tokenizer.train_from_iterator(CORPUS * 3, trainers.BpeTrainer(
        vocab_size=700, special_tokens=["<s>", "<pad>", "</s>", "<unk>"], initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False))
    tokenizer.add_special_tokens([AddedToken("<mask>", lstrip=True, normalized=False)])
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.post_processor = processors.RobertaProcessing(("</s>", 2), ("<s>", 0), True, prefix)
    return tokenizer


def unigram(bytes_too):
    tokenizer = Tokenizer(models.Unigram())
    tokenizer.normalizer = normalizers.Sequence([normalizers.NFKC(), normalizers.Replace(Regex(" {2,}"), " ")])
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="first" if bytes_too else "always")
    special = ["<unk>", "<s>", "</s>"] + ([f"<0x{byte:02X}>" for byte in range(256)] if bytes_too else [])
    tokenizer.train_from_iterator(CORPUS * 3, trainers.UnigramTrainer(vocab_size=400 + len(special), special_tokens=special, unk_token="<unk>", show_progress=False))
    if not bytes_too:
        tokenizer.decoder = decoders.Metaspace()
        return tokenizer
    made = json.loads(tokenizer.to_str())
    made["model"]["byte_fallback"] = True
    made["added_tokens"] = made["added_tokens"][:3]
    tokenizer = Tokenizer.from_str(json.dumps(made))
    tokenizer.decoder = decoders.Sequence([decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(" ", 1, 0)])
    return tokenizer


def mixed():
    tokenizer = Tokenizer(models.BPE(unk_token="<unk>", fuse_unk=True, byte_fallback=False))
    tokenizer.normalizer = normalizers.Sequence(
        [normalizers.NFKD(), normalizers.StripAccents(), normalizers.Strip(), normalizers.Replace("``", '"'), normalizers.Prepend("▁")]
    )
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([
        pre_tokenizers.Split(Regex(r"[0-9]{1,3}|\p{Lu}\p{Ll}*|\w+\s?"), "merged_with_previous"),
        pre_tokenizers.Punctuation("contiguous"),
        pre_tokenizers.Digits(individual_digits=False),
        pre_tokenizers.Split("a", "merged_with_next"),
    ])
    tokenizer.train_from_iterator(CORPUS * 3, trainers.BpeTrainer(vocab_size=400, special_tokens=["<unk>"], limit_alphabet=60, end_of_word_suffix="</w>", show_progress=False))
    made = json.loads(tokenizer.to_str())
    made["model"]["end_of_word_suffix"] = "</w>"
    tokenizer = Tokenizer.from_str(json.dumps(made))
    tokenizer.decoder = decoders.BPEDecoder()
    return tokenizer


def words():
    tokenizer = Tokenizer(models.WordLevel(unk_token="?"))
    tokenizer.normalizer = normalizers.Sequence([normalizers.NFD(), normalizers.Lowercase()])
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.Whitespace(), pre_tokenizers.Digits(individual_digits=True)])
    tokenizer.train_from_iterator(CORPUS, trainers.WordLevelTrainer(special_tokens=["?", "<pad>"], show_progress=False))
    tokenizer.post_processor = processors.BertProcessing(("<pad>", 1), ("?", 0))
    return tokenizer


def folder(name, tokenizer, config, model_type=None, added=(), lists=False):
    """Writes a case: `lists`: without tokenizer.json, as slow tokenizers were saved."""
    to = OUT / name
    shutil.rmtree(to, ignore_errors=True)
    to.mkdir(parents=True)
    tokenizer.add_tokens(list(added))
    if lists:
        tokenizer.model.save(str(to))
    else:
        (to / "tokenizer.json").write_text(tokenizer.to_str(), encoding="utf-8")
    if config is not None:
        (to / "tokenizer_config.json").write_text(json.dumps(config, ensure_ascii=False, indent=1), encoding="utf-8")
    if model_type:
        (to / "config.json").write_text(json.dumps({"model_type": model_type}))
    return to


def write(to, judge=None):
    """What Python makes of the folder's texts."""
    draw = random.Random(to.name)
    texts = [text_of(draw) for _ in range(COUNT)]
    if judge is None:
        loaded = AutoTokenizer.from_pretrained(str(to))
        encode = lambda text, pair=None, **more: loaded(text, pair, return_token_type_ids=True, **more)
        # a batch of one: alone, an empty second text is taken for none
        cut = lambda text, pair, length: encode([text], [pair], truncation="longest_first", max_length=length)
        first = lambda rows: list(rows[0] if rows and isinstance(rows[0], list) else rows)
        parts = lambda encoding: (first(encoding["input_ids"]), first(encoding["token_type_ids"]))
        decode = lambda ids: loaded.decode(ids, skip_special_tokens=True)
        size = len(loaded)
    else:
        encode = lambda text, pair=None: judge.encode(text, pair)
        def cut(text, pair, length):
            judge.enable_truncation(length)
            encoding = judge.encode(text, pair)
            judge.no_truncation()
            return encoding
        parts = lambda encoding: (encoding.ids, encoding.type_ids)
        decode = lambda ids: judge.decode(ids)
        size = judge.get_vocab_size()
    single = [[text, parts(encode(text))[0]] for text in texts]
    pairs = []
    for text, pair in zip(texts[: COUNT // 5], texts[1:]):
        length = draw.choice([5, 8, 13, 20, 64])
        ids, types = parts(cut(text, pair, length))
        pairs.append([text, pair, length, ids, types])
    decoded = [[ids, decode(ids)] for _, ids in single[: COUNT // 2]]
    for _ in range(COUNT // 5):
        ids = [draw.randrange(size) for _ in range(draw.choice([1, 3, 9]))]
        decoded.append([ids, decode(ids)])
    lines = lambda rows: "[\n" + ",\n".join(json.dumps(row, ensure_ascii=True, separators=(",", ":")) for row in rows) + "\n]"
    (to / "cases.json").write_text(f'{{"single":{lines(single)},\n"pairs":{lines(pairs)},\n"decoded":{lines(decoded)}}}\n')
    print(to.name, len(single), len(pairs), len(decoded), flush=True)


specials = {f"{role}_token": f"[{role.upper()}]" for role in ("pad", "unk", "cls", "sep", "mask")}
bert_config = {"tokenizer_class": "BertTokenizer", **specials}
clip_config = {"tokenizer_class": "CLIPTokenizer", "bos_token": "<|startoftext|>", "eos_token": "<|endoftext|>", "unk_token": "<|endoftext|>", "pad_token": "<|endoftext|>"}
listed = lambda tokenizer: {str(i): json.loads(json.dumps(t.__getstate__())) for i, t in sorted(tokenizer.get_added_tokens_decoder().items())}

write(folder("bert_uncased", bert(), {**bert_config, "do_lower_case": True}, "bert"))
write(folder("bert_cased", bert(lowercase=False), {**bert_config, "do_lower_case": False}, "visual_bert"))
write(folder("bert_lowers_not", bert(), {**bert_config, "do_lower_case": False, "strip_accents": True}))
write(folder("bert_lowers", bert(lowercase=False), {**bert_config, "strip_accents": False, "tokenize_chinese_chars": False}))
write(folder("bert_silent", bert(lowercase=False), None, "bert"))
write(folder("vilt", bert(), {"model_max_length": 40, **specials, "clean_up_tokenization_spaces": True}, "vilt", ADDED))
write(folder("chinese_clip", bert(strip_accents=False), {"tokenizer_class": "BertTokenizerFast"}, "chinese_clip"))
tokenizer = bert()
tokenizer.add_tokens(ADDED)
added_config = {**bert_config, "added_tokens_decoder": listed(tokenizer), "truncation_side": "left"}
write(folder("bert_added", bert(lowercase=False), {**added_config, "do_lower_case": True}))
write(folder("bert_as_it_is", bert(lowercase=False), {**added_config, "tokenizer_class": "PreTrainedTokenizerFast"}, "bert", ADDED[:4]))
write(folder("clip", clip(), clip_config, "clip"))
write(folder("clip_added", clip(), {**clip_config, "extra_special_tokens": ["<image>"]}, "clip", ADDED))
write(folder("roberta", roberta(), {"tokenizer_class": "RobertaTokenizer"}))
write(folder("roberta_added", roberta(), {"tokenizer_class": "RobertaTokenizerFast", "add_prefix_space": True, "mask_token": "<mask>"}, None, ADDED))
for name, made in (("unigram", unigram(False)), ("unigram_bytes", unigram(True)), ("mixed", mixed()), ("words", words()), ("byte_bpe", roberta(True))):
    write(folder(name, made, None, None, ADDED), made)

to = folder("bert_lists", bert(), {"do_lower_case": False, "tokenizer_class": "BertTokenizer"}, "bert", lists=True)
(to / "added_tokens.json").write_text(json.dumps({"<person>": 500, "New York": 501, "[OBJ]": 502}))
(to / "special_tokens_map.json").write_text(json.dumps({**specials, "additional_special_tokens": ["[OBJ]"]}))
write(to)
write(folder("clip_lists", clip(), None, "clip", lists=True))
