"""ALBEF's image-text contrast as its pretraining model computes it, for src/objectives/momentumContrast.ts.

    python make_albef.py FOLDER

FOLDER holds what salesforce/ALBEF's `models/model_pretrain.py` gave for a small model in eval mode, as safetensors:
`outputs` (image_feat, text_feat; after a step with alpha 0.4 the queues, whose first columns are then the momentum
features; loss_ita for alpha 0 and 0.4) and `model` (queues and temperature before it). Writes losses/albef_itc.safetensors: the
inputs, the two losses as that model gave them, and gradients of the second by PyTorch from the same formula.
"""

import sys
from pathlib import Path

import torch
import torch.nn.functional as F
from safetensors.torch import load_file, save_file

folder = Path(sys.argv[1])
outputs, model = load_file(folder / "outputs.safetensors"), load_file(folder / "model.safetensors")

picture, text = outputs["image_feat"].clone(), outputs["text_feat"].clone()
size = picture.shape[0]
start = int(model["queue_ptr"][0])
columns = slice(start, start + size)
taught_picture = outputs["after.image_queue"][:, columns].T.contiguous()
taught_text = outputs["after.text_queue"][:, columns].T.contiguous()
length = model["image_queue"].shape[1]
# ALBEF writes at a place that goes round; here the newest come first.
before = [(start - 1 - k) % length for k in range(length)]
after = [*range(start, start + size), *before[: length - size]]
queued_picture, queued_text = (model[f"{side}_queue"].T[before].contiguous() for side in ("image", "text"))
temperature = model["temp"].clamp(0.001, 0.5)


def side(own, taught, candidates, temperature, alpha):
    with torch.no_grad():
        told = F.softmax(taught @ candidates.T / temperature, dim=1)
        right = torch.zeros_like(told)
        right.fill_diagonal_(1)
        target = alpha * told + (1 - alpha) * right
    return -(F.log_softmax(own @ candidates.T / temperature, dim=1) * target).sum(1).mean()


def loss(picture, text, temperature, alpha):
    texts, pictures = torch.cat([taught_text, queued_text]), torch.cat([taught_picture, queued_picture])
    unit = lambda x: F.normalize(x, dim=-1)
    to_text = side(unit(picture), taught_picture, texts, temperature, alpha)
    return (to_text + side(unit(text), taught_text, pictures, temperature, alpha)) / 2


inputs = {"picture": picture, "text": text, "temperature": temperature}
for tensor in inputs.values():
    tensor.requires_grad_(True)
value = loss(picture, text, temperature, 0.4)
value.backward()
for alpha, name in ((0.0, "alpha_0.loss_ita"), (0.4, "alpha_04.loss_ita")):
    difference = abs(float(loss(picture, text, temperature, alpha).detach()) - float(outputs[name]))
    assert difference < 1e-5, (name, difference)

constants = {
    "taught_picture": taught_picture,
    "taught_text": taught_text,
    "queued_picture": queued_picture,
    "queued_text": queued_text,
}
tensors = {f"input.{name}": tensor.detach() for name, tensor in {**inputs, **constants}.items()}
tensors |= {f"grad.{name}": tensor.grad for name, tensor in inputs.items()}
tensors["expected.loss"] = outputs["alpha_04.loss_ita"]
tensors["expected.hard"] = outputs["alpha_0.loss_ita"]
tensors["expected.queued_picture"] = outputs["after.image_queue"].T[after]
tensors["expected.queued_text"] = outputs["after.text_queue"].T[after]
target = Path(__file__).parent / "losses" / "albef_itc.safetensors"
save_file({name: tensor.contiguous() for name, tensor in tensors.items()}, target)
