"""
Continues a training run of Longhand on MNIST in PyTorch, in one process or in several (DistributedDataParallel).

    longhand export run.safetensors --to pytorch-training
    python3 continue-in-pytorch.py run.pytorch-training.safetensors on.safetensors --data DIR --steps 200 --processes 2
    longhand import on.safetensors --from pytorch-training   # then: longhand train --resume on.longhand.safetensors

DIR has MNIST's training files, unpacked. On several computers, torchrun starts the script, or you start it on each with
torchrun's variables RANK, WORLD_SIZE, MASTER_ADDR and MASTER_PORT. It needs PyTorch >= 2.0 (Debian: python3-torch), and no
other package. docs/derivation.md has the equations (6) to (12).
"""
import argparse, hashlib, json, math, os, re, struct, tempfile
import torch
from torch import distributed
from torch.nn.functional import cross_entropy, dropout

TYPES = {"F32": torch.float32, "F64": torch.float64, "U32": torch.int32}  # an index is below 2^31


def read(name):
    """A safetensors file: the header's length in 8 bytes, the header in JSON, the tensors, which share the file's memory."""
    with open(name, "rb") as file:
        contents = bytearray(file.read())
    start = 8 + struct.unpack("<Q", contents[:8])[0]
    header = json.loads(contents[8:start])
    texts, tensors = header.pop("__metadata__"), {}
    for key, entry in header.items():
        place = {"offset": start + entry["data_offsets"][0], "count": math.prod(entry["shape"])}
        tensors[key] = torch.frombuffer(contents, dtype=TYPES[entry["dtype"]], **place).reshape(entry["shape"])
    return header, texts, tensors, memoryview(contents)[start:]


def write(name, header, texts, data):
    text = json.dumps({"__metadata__": texts, **header}).encode()
    text += b" " * (-len(text) % 8)
    with open(name, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text + data)


class Network(torch.nn.Module):
    def __init__(self, inputs, layers, outputs, dropout, **_):
        super().__init__()
        layers = [{"projection": 0, "bias": True, "cell": "lstm", **layer} for layer in layers]
        outs = [(n["projection"] or n["hidden"]) * (1 + n["bidirectional"]) for n in layers]
        widths = [inputs, *outs]
        kinds = [dict(bidirectional=n["bidirectional"], bias=n["bias"]) for n in layers]
        for n, kind in zip(layers, kinds):
            kind |= {"proj_size": n["projection"]} if n["projection"] else {}
        cells = [getattr(torch.nn, n["cell"].upper()) for n in layers]  # LSTM, GRU or RNN
        modules = (cell(I, n["hidden"], **kind) for cell, I, n, kind in zip(cells, widths, layers, kinds))
        self.layers, self.fc = torch.nn.ModuleList(modules), torch.nn.Linear(widths[-1], outputs)
        self.dropout = dropout
        for module in self.layers:
            for name, parameter in module.named_parameters():  # an LSTM's holds the forget bias, and an RNN's is 0
                parameter.requires_grad = "bias_hh" not in name or isinstance(module, torch.nn.GRU)

    def forward(self, x):  # [T,B,I] -> [B,C]
        for n, module in enumerate(self.layers):
            x, h = module(dropout(x, self.dropout, self.training and n > 0))  # (12)
        h = h[0] if isinstance(h, tuple) else h  # an LSTM has h and c
        return self.fc(torch.cat(list(h), dim=1))


def rate_at(step, steps, learningRate, schedule, warmUp, decayEvery, decayRate, **_):  # (8)
    since = step - 1 - warmUp
    if since < 0:
        return learningRate * step / warmUp
    if schedule == "cosine":
        return learningRate * (1 + math.cos(math.pi * min(1, since / max(1, steps - warmUp)))) / 2
    return learningRate * decayRate ** (since // decayEvery) if schedule == "step" else learningRate


def clip(gradients, clipValue, clipNorm, **_):
    for g in gradients if clipValue is not None else []:
        g.clamp_(-clipValue, clipValue)  # (9)
    norm = math.sqrt(sum(g.double().square().sum().item() for g in gradients))
    for g in gradients if clipNorm is not None and clipNorm < norm < math.inf else []:
        g.mul_(clipNorm / norm)  # (10)


def update(p, key, tensors, rate, step, momentum):
    if f"sgd.v.{key}" in tensors:  # (11)
        tensors[f"sgd.v.{key}"].mul_(momentum).add_(p.grad)
        p -= rate * tensors[f"sgd.v.{key}"]
    else:  # (6): epsilon stands outside the bias correction, unlike in torch.optim.Adam
        m, v = tensors[f"adam.m.{key}"], tensors[f"adam.v.{key}"]
        m += (p.grad - m) * (1 - 0.9)
        v += (p.grad.square() - v) * (1 - 0.999)
        p -= rate * math.sqrt(1 - 0.999**step) / (1 - 0.9**step) * m / (v.sqrt() + 1e-8)


def mnist(folder, digest, validates):
    """The images after the first 5,000, which are for validation, and their labels."""
    files = []
    for name, axes in (("train-images-idx3-ubyte", 3), ("train-labels-idx1-ubyte", 1)):
        with open(os.path.join(folder, name), "rb") as file:
            contents = bytearray(file.read())
        shape = struct.unpack(f">{axes}I", contents[4 : 4 + 4 * axes])
        files.append(torch.frombuffer(contents, dtype=torch.uint8, offset=4 + 4 * axes).reshape(shape))
    used = [file[5000:] for file in files] + [file[:5000] for file in files if validates]
    if hashlib.sha256(b"".join(part.numpy().tobytes() for part in used)).hexdigest() != digest:
        raise SystemExit(f"{folder}: the run began with other data")
    return used[0], used[1].long()


def next_batch(order, cursor, size, shuffle, step):
    if cursor + size <= len(order):
        return order, cursor + size, order[cursor : cursor + size]
    rest = order[cursor:] if shuffle == "tf1" else order[:0]  # a new epoch: its order is PyTorch's, not Longhand's
    order = order[torch.randperm(len(order), generator=torch.Generator().manual_seed(step))]
    return order, size - len(rest), torch.cat((rest, order[: size - len(rest)]))


def run(rank, processes, meeting, args):
    header, texts, tensors, data = read(args.file)
    options, state, network = (json.loads(texts[name]) for name in ("options", "training", "network"))
    kind = state.get("task"), network["inputKind"], network["loss"], network["reads"], options.get("shift", 0)
    if kind != (None, "numbers", "crossEntropy", "last", 0):
        raise SystemExit(f"{args.file}: this script trains classifiers of whole images: change it for other runs")
    torch.manual_seed(state["step"] * processes + rank)  # each process draws dropout masks of its own
    if processes > 1:
        here = int(os.environ.get("LOCAL_WORLD_SIZE", processes))  # torchrun sets it: the processes on this computer
        torch.set_num_threads(max(1, os.cpu_count() // here))
        distributed.init_process_group("gloo", init_method=meeting, rank=rank, world_size=processes)
    model = Network(**network).to(tensors["fc.bias"].dtype)
    # the file may have one nn.LSTM, lstm.…_lN, in place of the list; or gru.…, rnn.…
    keys = {re.sub(r"^(?:lstm|gru|rnn)\.(.*)_l(\d+)", r"layers.\2.\1_l0", key): key for key in tensors}
    model.load_state_dict({name: tensors[keys[name]] for name in model.state_dict()})
    parameters = {keys[name]: p for name, p in model.named_parameters() if p.requires_grad}
    parallel = torch.nn.parallel.DistributedDataParallel(model) if processes > 1 else model
    images, labels = mnist(args.data, state["data"], options["validateEvery"] is not None)
    order, cursor, size = tensors["order"].long(), state["cursor"], options["batchSize"]
    for step in range(state["step"] + 1, state["step"] + args.steps + 1):
        order, cursor, indices = next_batch(order, cursor, size, options["shuffle"], step)
        indices = indices[rank::processes]  # this process's share of the batch
        x, y = (images[indices].float() * (1 / 255)).transpose(0, 1).to(model.fc.bias.dtype), labels[indices]
        model.train().zero_grad()
        loss = cross_entropy(parallel(x), y, reduction="sum") / size
        (loss * processes).backward()  # DistributedDataParallel divides by the processes
        with torch.no_grad():
            clip([p.grad for p in parameters.values()], **options)
            rate = rate_at(step, int(texts["steps"]), **options)
            for key, p in parameters.items():
                update(p, key, tensors, rate, step, options.get("momentum"))
            if step % options["displayStep"] == 0:  # after the update, as Longhand reports it
                loss = cross_entropy(model.eval()(x), y, reduction="sum") / size
                if processes > 1:
                    distributed.all_reduce(loss)
                if rank == 0:
                    print(f"Iter {step * size}, Minibatch Loss= {loss.item():.6f}")
    if rank == 0:
        for key, p in parameters.items():
            tensors[key].copy_(p.detach())
        tensors["order"].copy_(order)
        state["step"], state["cursor"] = state["step"] + args.steps, cursor
        state["backend"] = f"PyTorch {torch.__version__}" if args.steps > 0 else state["backend"]
        write(args.output, header, {**texts, "training": json.dumps(state)}, data)
    if processes > 1:
        distributed.destroy_process_group()


def at_least(least):
    def whole(text):
        if not text.isdecimal() or int(text) < least:
            raise argparse.ArgumentTypeError(f"must be a whole number >= {least}")
        return int(text)

    return whole


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("file")
    parser.add_argument("output")
    parser.add_argument("--data", required=True)
    parser.add_argument("--steps", type=at_least(0), required=True)
    parser.add_argument("--processes", type=at_least(1), default=1)
    given = parser.parse_args()
    inputs = [given.file, *(os.path.join(given.data, name) for name in os.listdir(given.data))]
    if os.path.exists(given.output) and any(os.path.samefile(given.output, name) for name in inputs):
        parser.error(f"{given.output}: the output must not replace a file that the run reads")
    size = json.loads(read(given.file)[1]["options"])["batchSize"]
    if int(os.environ.get("WORLD_SIZE", given.processes)) > size:
        raise SystemExit(f"{given.file}: each process needs an image, but a batch has only {size}")
    if "RANK" in os.environ:  # torchrun sets it
        run(int(os.environ["RANK"]), int(os.environ["WORLD_SIZE"]), "env://", given)
    elif given.processes == 1:
        run(0, 1, None, given)
    else:
        with tempfile.TemporaryDirectory() as folder:
            torch.multiprocessing.spawn(run, (given.processes, f"file://{folder}/meeting", given), given.processes)
