"""The peers of bench/jobWorker: the same job in PyTorch, with transformers and peft or adapters.

python job.py SPEC    the JSON of bench/jobSpec.ts; `library` says whose bottleneck is meant: own (default) or adapters
python job.py --make FOLDER WIDTH LAYERS HEADS INTERMEDIATE    writes a backbone with random weights

Needs torch==2.13.0 and transformers, for lora also peft, for `library: adapters` also adapters.
"""
import json
import resource
import sys
import time

import torch
from torch import nn
from transformers import BertConfig, BertModel

WARM_UP = 3


def make(folder, width, layers, heads, intermediate):
    torch.manual_seed(0)
    config = BertConfig(
        vocab_size=1000,
        hidden_size=width,
        num_hidden_layers=layers,
        num_attention_heads=heads,
        intermediate_size=intermediate,
        hidden_dropout_prob=0.0,
        attention_probs_dropout_prob=0.0,
    )
    model = BertModel(config)
    # Pretrained biases and norms are not 0 and 1, for which compilers have shortcuts.
    for parameter in model.parameters():
        if parameter.dim() == 1:
            parameter.data.add_(torch.randn_like(parameter) * 0.02)
    model.save_pretrained(folder)


class Bottleneck(nn.Module):
    """y + Up(GELU(Down(y))) on the output of a frozen linear layer."""

    def __init__(self, linear, width):
        super().__init__()
        self.linear = linear
        self.down = nn.Linear(linear.out_features, width)
        self.up = nn.Linear(width, linear.out_features)

    def forward(self, x):
        y = self.linear(x)
        return y + self.up(nn.functional.gelu(self.down(y)))


class Ladder(nn.Module):
    """Ladder side-tuning (Sung et al. 2022): a narrow transformer that reads each layer's state through a gate."""

    def __init__(self, backbone, reduction=8):
        super().__init__()
        config = backbone.config
        width = config.hidden_size // reduction
        side = BertConfig(
            hidden_size=width,
            num_hidden_layers=config.num_hidden_layers,
            num_attention_heads=max(1, config.num_attention_heads // 4),
            intermediate_size=config.intermediate_size // reduction,
            hidden_dropout_prob=0.0,
            attention_probs_dropout_prob=0.0,
            attn_implementation="sdpa",
        )
        self.backbone = backbone
        self.down = nn.ModuleList(nn.Linear(config.hidden_size, width) for _ in range(config.num_hidden_layers + 1))
        self.gates = nn.Parameter(torch.zeros(config.num_hidden_layers))
        self.layers = BertModel(side, add_pooling_layer=False).encoder.layer
        self.up = nn.Linear(width, config.hidden_size)

    def forward(self, ids):
        with torch.no_grad():
            states = self.backbone(ids, output_hidden_states=True).hidden_states
        x = self.down[0](states[0])
        for index, layer in enumerate(self.layers):
            gate = torch.sigmoid(self.gates[index])
            x = layer(gate * self.down[index + 1](states[index + 1]) + (1 - gate) * x)
            x = x[0] if isinstance(x, tuple) else x
        return torch.tanh(states[-1][:, 0] + self.up(x)[:, 0])


def load(spec):
    model = BertModel.from_pretrained(spec["model"], attn_implementation="sdpa")
    for parameter in model.parameters():
        parameter.requires_grad = False
    method = spec["method"]
    if method == "bottleneck" and spec.get("library") == "adapters":
        import adapters
        from adapters import DoubleSeqBnConfig

        adapters.init(model)
        model.add_adapter("job", config=DoubleSeqBnConfig(reduction_factor=16))
        model.train_adapter("job")
    elif method == "bottleneck":
        for layer in model.encoder.layer:
            layer.attention.output.dense = Bottleneck(layer.attention.output.dense, model.config.hidden_size // 16)
            layer.output.dense = Bottleneck(layer.output.dense, model.config.hidden_size // 16)
    elif method == "lora":
        from peft import LoraConfig, get_peft_model

        model = get_peft_model(model, LoraConfig(r=8, lora_alpha=16, target_modules=["query", "value"]))
    elif method == "ladder":
        model = Ladder(model)
    return model


def main(spec):
    torch.manual_seed(1)
    model = load(spec)
    width = json.load(open(spec["model"] + "/config.json"))["hidden_size"]
    head = nn.Linear(width, 2)
    ids = torch.randint(6, 906, (spec["examples"], spec["length"]))
    labels = torch.arange(spec["examples"]) % 2
    parameters = [p for p in model.parameters() if p.requires_grad] + list(head.parameters())
    optimizer = torch.optim.AdamW(parameters, 1e-4, weight_decay=0.01)
    cast = torch.autocast("cpu", torch.bfloat16, enabled=spec["precision"] == "bf16")
    run = torch.compile(model) if spec.get("mode") == "compile" else model
    model.train()
    times = []
    for _ in range(spec["epochs"]):
        order = torch.randperm(spec["examples"])
        for start in range(0, spec["examples"], spec["batch"]):
            begin = time.perf_counter()
            chosen = order[start : start + spec["batch"]]
            with cast:
                output = run(ids[chosen])
                pooled = output if isinstance(output, torch.Tensor) else output.pooler_output
                loss = nn.functional.cross_entropy(head(pooled).float(), labels[chosen])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            loss.item()
            times.append(time.perf_counter() - begin)
            if len(times) == 1:
                print("first step", flush=True)
    counted = sorted(times[WARM_UP:]) or [0.0]
    print(
        json.dumps(
            {
                "step": counted[len(counted) // 2],
                "peakMemory": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
                "trainable": sum(p.numel() for p in parameters),
            }
        )
    )


if sys.argv[1] == "--make":
    make(sys.argv[2], *(int(value) for value in sys.argv[3:7]))
else:
    main(json.loads(sys.argv[1]))
