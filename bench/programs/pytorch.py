"""
PyTorch: torch.nn.LSTM, torch.nn.Linear, automatic differentiation and torch.optim.Adam.

Started by bench/measure/spawned-process.ts as `python3 pytorch.py '{"mode": "", "threads": 2}'`. Requests and
answers are JSON, one per line; bench/measure/protocol.ts describes them.
"""
import base64
import json
import os
import platform
import re
import resource
import sys
import time

# PyTorch may multiply with OpenBLAS, which has threads of its own and reads their number when it is loaded.
OPTIONS = json.loads(sys.argv[1])
THREADS, MODE = OPTIONS["threads"], OPTIONS["mode"]
os.environ["OPENBLAS_NUM_THREADS"] = str(THREADS)
# Debian's PyTorch has GNU's OpenMP. Its threads wait for each other by spinning for milliseconds, so on a busy computer each step
# takes up to fifty times as long. With 1000 turns it takes no longer than without a limit on an idle computer. OMP_WAIT_POLICY=passive,
# which does not spin at all, takes a third longer there, and KMP_BLOCKTIME is Intel's and LLVM's.
os.environ.setdefault("GOMP_SPINCOUNT", "1000")

import numpy
import torch
from torch.nn.functional import cross_entropy, one_hot

DEVICE = torch.device(MODE or "cpu")
FORGET_BIAS = 1
LEARNING_RATE = 0.001
NOT_COUNTED = -1


def read(text, *shape):
    return torch.from_numpy(numpy.frombuffer(base64.b64decode(text), dtype="<f4").copy()).reshape(shape).to(DEVICE)


def write(tensor):
    array = tensor.detach().cpu().contiguous().numpy().astype("<f4")
    return base64.b64encode(array.tobytes()).decode()


# -- Tasks: `result` is called once, then `run` is timed --


class Matmul:
    def __init__(self, inputs, form, M, K, N, **_):
        self.a = read(inputs["a"], K, M).T if form == "Aᵀ·B" else read(inputs["a"], M, K)
        self.b = read(inputs["b"], N, K).T if form == "A·Bᵀ" else read(inputs["b"], K, N)

    def run(self):
        return torch.matmul(self.a, self.b)

    def result(self):
        return dict(out=self.run())


class CellForward:
    """The pointwise part of one step, as separate operations: on a CPU, PyTorch has no kernel for this part alone."""

    def __init__(self, inputs, B, H, **_):
        self.z, self.c_prev = read(inputs["z"], B, 4 * H), read(inputs["cPrev"], B, H)

    def run(self):
        i, j, f, o = self.z.chunk(4, dim=1)
        c = torch.sigmoid(f + FORGET_BIAS) * self.c_prev + torch.sigmoid(i) * torch.tanh(j)
        return dict(c=c, h=torch.sigmoid(o) * torch.tanh(c))

    result = run


class CellBackward:
    def __init__(self, inputs, B, H, **_):
        self.dh, self.dc, self.c, self.c_prev = (read(inputs[name], B, H) for name in ("dh", "dc", "c", "cPrev"))
        self.gates = read(inputs["gates"], B, 4 * H)

    def run(self):
        i, j, f, o = self.gates.chunk(4, dim=1)
        tanh_c = torch.tanh(self.c)
        do = self.dh * tanh_c
        dc = self.dc + self.dh * o * (1 - tanh_c * tanh_c)
        dz = [dc * j * i * (1 - i), dc * i * (1 - j * j), dc * self.c_prev * f * (1 - f), do * o * (1 - o)]
        return dict(dz=torch.cat(dz, dim=1), dcPrev=dc * f)

    result = run


def to_torch(gates):
    """Longhand's gates are i, j, f, o; PyTorch's are i, f, g, o, and g is j."""
    i, j, f, o = gates.chunk(4, dim=-1)
    return torch.cat([i, f, j, o], dim=-1)


def from_torch(gates):
    i, f, j, o = gates.chunk(4, dim=-1)
    return torch.cat([i, j, f, o], dim=-1)


class Network(torch.nn.Module):
    """The model of `forward` and `step`, or the network of a task `network`."""

    def __init__(
        self, inputs, T, B, I, H, C, layers=1, bidirectional=False, inputKind="numbers", reads="last", lengths=None, **_
    ):
        super().__init__()
        directions = 2 if bidirectional else 1
        self.lstm = torch.nn.LSTM(I, H, layers, bidirectional=bidirectional)
        self.dense = torch.nn.Linear(directions * H, C)
        self.reads, self.directions = reads, directions
        if inputKind == "numbers":
            self.x = read(inputs["x"], T, B, I)
        else:
            # torch.nn.LSTM multiplies numbers only.
            self.x = one_hot(read(inputs["x"], T, B).long(), I).float()
        self.labels = self.read_labels(inputs, T, B, C, lengths)

        # The ends of Longhand's and of PyTorch's names, for each layer and direction. A single LSTM has no number in Longhand.
        ways = [("", ""), (".reverse", "_reverse")][:directions]
        ends = [(f".{n}{ours}", f"_l{n}{theirs}") for n in range(layers) for ours, theirs in ways]
        self.ends = [("", "_l0")] if len(ends) == 1 else ends
        self.on_f = torch.cat([torch.zeros(2 * H), torch.full((H,), float(FORGET_BIAS)), torch.zeros(H)])
        with torch.no_grad():
            for ours, theirs in self.ends:
                kernel, bias = read(inputs["kernel" + ours], -1, 4 * H), read(inputs["bias" + ours], 4 * H)
                self.of_lstm("weight_ih", theirs).copy_(to_torch(kernel[:-H]).T)
                self.of_lstm("weight_hh", theirs).copy_(to_torch(kernel[-H:]).T)
                self.of_lstm("bias_ih", theirs).copy_(to_torch(bias + self.on_f))
                self.of_lstm("bias_hh", theirs).zero_()
            self.dense.weight.copy_(read(inputs["outKernel"], directions * H, C).T)
            self.dense.bias.copy_(read(inputs["outBias"], C))

    def read_labels(self, inputs, T, B, C, lengths):
        if "y" in inputs:
            return read(inputs["y"], B, C).argmax(dim=1)
        labels = read(inputs["labels"], -1, B).long()
        if lengths is not None:
            # Without a reverse direction, no number depends on what is beyond an end. Packed sequences are slower.
            labels[torch.arange(T)[:, None] >= torch.tensor(lengths)] = NOT_COUNTED
        return labels.flatten()

    def of_lstm(self, name, end):
        return getattr(self.lstm, name + end)

    def logits(self):
        h, (h_n, _) = self.lstm(self.x)
        if self.reads == "every":
            return self.dense(h.flatten(0, 1))
        # The last layer's directions: the forward one after step T, the reverse one after step 1.
        return self.dense(torch.cat([*h_n[-self.directions :]], dim=1))

    def longhand_parameters(self, of):
        """By Longhand's names. The bias has the forget bias in it."""
        parameters = {}
        for ours, theirs in self.ends:
            weights = [of(self.of_lstm(name, theirs)).T for name in ("weight_ih", "weight_hh")]
            parameters["kernel" + ours] = torch.cat([from_torch(weight) for weight in weights])
            parameters["bias" + ours] = from_torch(of(self.of_lstm("bias_ih", theirs)))
        return dict(**parameters, outKernel=of(self.dense.weight).T, outBias=of(self.dense.bias))

    def trained(self):
        """torch.nn.LSTM adds two biases with the same gradient. Longhand has one, so only one is trained."""
        return [p for name, p in self.named_parameters() if not name.startswith("lstm.bias_hh")]

    def longhand_values(self):
        parameters = self.longhand_parameters(lambda p: p.detach())
        for ours, _ in self.ends:
            parameters["bias" + ours] -= self.on_f
        return parameters


class LeftOut(Exception):
    """Its message says why PyTorch is left out."""


class OtherCell(torch.nn.Module):
    """A layer of GRUs, or of the tanh cells of nn.RNN, and the output layer that reads its last step."""

    def __init__(self, inputs, T, B, I, H, C, cell, **_):
        super().__init__()
        modules = dict(gru=torch.nn.GRU, rnn=torch.nn.RNN)
        if cell not in modules:
            raise LeftOut(f"PyTorch has no {cell}")
        self.layer = modules[cell](I, H)
        self.has_two_biases = cell == "gru"
        self.dense = torch.nn.Linear(H, C)
        self.x, self.labels = read(inputs["x"], T, B, I), read(inputs["labels"], B).long()
        kernel = read(inputs["kernel"], I + H, -1)
        with torch.no_grad():
            self.layer.weight_ih_l0.copy_(kernel[:I].T)
            self.layer.weight_hh_l0.copy_(kernel[I:].T)
            self.layer.bias_ih_l0.copy_(read(inputs["bias"], -1))
            self.layer.bias_hh_l0.zero_()
            if self.has_two_biases:
                self.layer.bias_hh_l0.copy_(read(inputs["recurrentBias"], -1))
            self.dense.weight.copy_(read(inputs["outKernel"], H, C).T)
            self.dense.bias.copy_(read(inputs["outBias"], C))

    def logits(self):
        return self.dense(self.layer(self.x)[0][-1])

    def trained(self):
        return [p for name, p in self.named_parameters() if self.has_two_biases or name != "layer.bias_hh_l0"]

    def longhand_parameters(self, of):
        layer, dense = self.layer, self.dense
        kernel = torch.cat([of(layer.weight_ih_l0).T, of(layer.weight_hh_l0).T])
        second = dict(recurrentBias=of(layer.bias_hh_l0)) if self.has_two_biases else {}
        return dict(kernel=kernel, bias=of(layer.bias_ih_l0), **second, outKernel=of(dense.weight).T, outBias=of(dense.bias))

    def longhand_values(self):
        return self.longhand_parameters(lambda p: p.detach())


class Forward:
    def __init__(self, inputs, **sizes):
        self.network = Network(inputs, **sizes)

    def run(self):
        with torch.no_grad():
            return self.network.logits()

    def result(self):
        return dict(logits=self.run())


class Step:
    def __init__(self, inputs, **sizes):
        self.network = (Network if sizes.get("cell", "lstm") == "lstm" else OtherCell)(inputs, **sizes)
        self.trained, self.clip_norm = self.network.trained(), sizes.get("clipNorm")
        for parameter in self.network.parameters():
            parameter.requires_grad_(any(parameter is one for one in self.trained))
        self.optimizer = torch.optim.Adam(self.trained, lr=LEARNING_RATE)

    def run(self):
        self.optimizer.zero_grad()
        loss = cross_entropy(self.network.logits(), self.network.labels, ignore_index=NOT_COUNTED)
        loss.backward()
        if self.clip_norm is not None:
            torch.nn.utils.clip_grad_norm_(self.trained, self.clip_norm)
        self.optimizer.step()
        return loss

    def result(self):
        loss = self.run()
        gradients = self.network.longhand_parameters(lambda p: p.grad)
        changed = {"d." + name: gradient for name, gradient in gradients.items()}
        return dict(loss=loss, **changed, **self.network.longhand_values())


TASKS = dict(matmul=Matmul, cellForward=CellForward, cellBackward=CellBackward, forward=Forward, step=Step, network=Step, anyCell=Step)


# -- Requests and answers --


def timed(work, ms):
    """Runs for `ms`, at least once. Returns the time of each run, in ms."""
    times = []
    end = time.perf_counter() + ms / 1000
    while True:
        start = time.perf_counter()
        work.run()
        if DEVICE.type == "cuda":
            torch.cuda.synchronize()
        now = time.perf_counter()
        times.append((now - start) * 1000)
        if now >= end:
            return times


def largest_rss_mib():
    """As in bench/measure/memory.ts."""
    if sys.platform == "linux":
        with open("/proc/self/status") as status:
            return next(int(line.split()[1]) / 1024 for line in status if line.startswith("VmHWM:"))
    unit = 1024**2 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit


def blas():
    """The library that multiplies matrices: the reference implementation is twenty times as slow as OpenBLAS."""
    torch.ones(2, 2) @ torch.ones(2, 2)
    try:
        with open("/proc/self/maps") as maps:
            names = {line.split("/")[-1].strip() for line in maps if re.search(r"blas|mkl_core", line)}
    except OSError:
        names = set()
    return next(iter(sorted(names, key=lambda name: "libblas" in name)), "BLAS unknown")


def say(answer):
    print(json.dumps(answer), flush=True)


def main():
    # Over hundreds of steps, gradients become denormal numbers, with which PyTorch computes several times slower on some
    # processors. Its threads inherit the setting.
    torch.set_flush_denormal(True)
    torch.set_num_threads(THREADS)
    if DEVICE.type == "cuda":
        if not torch.cuda.is_available():
            return say(dict(failure="PyTorch finds no CUDA device"))
        torch.set_default_device(DEVICE)  # for the tensors that are not read
        torch.backends.cudnn.allow_tf32 = False  # the other candidates multiply numbers of 32 bits, too
    threads = torch.get_num_threads()
    count = f"{threads} thread{'s' if threads > 1 else ''}"
    where = f"CUDA, {torch.cuda.get_device_name()}" if DEVICE.type == "cuda" else count
    description = f"PyTorch, {where}, {torch.backends.cpu.get_cpu_capability()}, {blas()}, denormal numbers flushed to 0"
    say(dict(version=torch.__version__, description=description, engine=f"Python {platform.python_version()}"))
    work = None
    for line in sys.stdin:
        request = json.loads(line)
        try:
            if request["ask"] == "prepare":
                task = request["task"]
                work = TASKS[task["kind"]](request["inputs"], **task)
                say(dict(outputs={name: write(tensor) for name, tensor in work.result().items()}))
            elif request["ask"] == "warmUp":
                say(dict(ms=min(timed(work, request["ms"]))))
            elif request["ask"] == "turn":
                say(dict(times=timed(work, request["ms"])))
            else:
                work = None
                say(dict(memoryMiB=largest_rss_mib()))
        except LeftOut as error:
            say(dict(failure=str(error)))
        except Exception as error:
            say(dict(failure=f"{type(error).__name__}: {error}"))


main()
