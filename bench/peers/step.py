"""The peer of bench/step: transformers' BertModel with bottleneck adapters, one training step in PyTorch.

python step.py BATCH LENGTH LAYERS f32|bf16 eager|compile STEPS -> one JSON line
Needs: pip install torch==2.13.0 transformers
"""
import json
import resource
import sys
import time

import torch
from torch import nn
from transformers import BertConfig, BertModel

batch, length, layers = (int(value) for value in sys.argv[1:4])
precision, mode, steps = sys.argv[4], sys.argv[5], int(sys.argv[6])
WIDTH = 48

config = BertConfig(
    num_hidden_layers=layers, attn_implementation="sdpa", hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0
)
model = BertModel(config, add_pooling_layer=False)
for parameter in model.parameters():
    parameter.requires_grad = False


class Bottleneck(nn.Module):
    """y + Up(GELU(Down(y))) on the output of a frozen linear layer."""

    def __init__(self, linear):
        super().__init__()
        self.linear = linear
        self.down = nn.Linear(config.hidden_size, WIDTH)
        self.up = nn.Linear(WIDTH, config.hidden_size)

    def forward(self, x):
        y = self.linear(x)
        return y + self.up(nn.functional.gelu(self.down(y)))


for layer in model.encoder.layer:
    layer.attention.output.dense = Bottleneck(layer.attention.output.dense)
    layer.output.dense = Bottleneck(layer.output.dense)

inputs = torch.randn(batch, length, config.hidden_size)
trainable = [parameter for parameter in model.parameters() if parameter.requires_grad]
optimizer = torch.optim.AdamW(trainable, 1e-4)
cast = torch.autocast("cpu", torch.bfloat16, enabled=precision == "bf16")
run = torch.compile(model) if mode == "compile" else model


def forward():
    with torch.no_grad(), cast:
        run(inputs_embeds=inputs)


def train():
    with cast:
        loss = run(inputs_embeds=inputs).last_hidden_state.float().square().mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss.item()


def median_seconds(fn):
    for _ in range(2):
        fn()
    times = []
    for _ in range(steps):
        start = time.perf_counter()
        fn()
        times.append(time.perf_counter() - start)
    return sorted(times)[len(times) // 2]


result = {"train": median_seconds(train)}
result["peakMemory"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
result["forward"] = median_seconds(forward)
print(json.dumps(result))
