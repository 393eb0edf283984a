#!/usr/bin/env python
"""What every position of the parity models sees of every other, as transformers gives it with output_attentions.

  make_attentions.py            writes attentions.safetensors beside the files that make_parity.py made

Needs torch, transformers and safetensors. Names: <call>.<layer>, <call>.text.<layer>, <call>.picture.<layer>.
"""
import json
import os
from pathlib import Path

os.environ.update(HF_HUB_OFFLINE="1", TRANSFORMERS_OFFLINE="1", TRANSFORMERS_VERBOSITY="error")

import torch
import transformers
from safetensors.torch import load_file, save_file

HERE = Path(__file__).resolve().parent
CALLS = {
    "BertModel": ["main", "defaults"],
    "VisualBertModel": ["main", "defaults"],
    "ViltModel": ["image_embeds"],  # patches are drawn at random in Python: this call has none
    "CLIPModel": ["main"],
}


def attentions(name, call):
    folder = HERE / name
    model = getattr(transformers, name).from_pretrained(folder, attn_implementation="eager").eval()
    inputs = load_file(str(folder / "inputs.safetensors"))
    case = json.loads((folder / "case.json").read_text())
    args = next(one["args"] for one in case["calls"] if one["name"] == call)
    given = {arg: inputs[key] for arg, key in args.items()}
    for arg, value in given.items():
        if value.dtype == torch.int32:
            given[arg] = value.long()
    with torch.no_grad():
        out = model(**given, output_attentions=True)
    if "attentions" in out and out["attentions"] is not None:
        return {f"{call}.{n}": one for n, one in enumerate(out["attentions"])}
    towers = {"text": out["text_model_output"], "picture": out["vision_model_output"]}
    return {f"{call}.{tower}.{n}": one for tower, made in towers.items() for n, one in enumerate(made["attentions"])}


for name, calls in CALLS.items():
    tensors = {}
    for call in calls:
        tensors.update(attentions(name, call))
    save_file({k: v.contiguous() for k, v in sorted(tensors.items())}, str(HERE / name / "attentions.safetensors"))
    print(name, {k: tuple(v.shape) for k, v in tensors.items()})
