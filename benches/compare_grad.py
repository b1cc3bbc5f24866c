#!/usr/bin/env python3
"""The gradient graphs of nearmiss against the forward model, PyTorch, onnxsim and onnx-ad.

    pip install torch onnx onnxruntime onnxsim transformers timm open_clip_torch
    cargo build --release
    python tests/fixtures/make_models.py OUT --full
    python benches/compare_grad.py --models OUT/full [--nearmiss BIN] [--turns 5] [--batch 1] [--only NAME ...] [--json]
    python benches/compare_grad.py --coverage OUT/small [--nearmiss BIN] [--json]
    pip install onnx-ad; python benches/compare_grad.py --onnx-ad FILE.onnx .. | OUT/small [--nearmiss BIN] [--json]

--models: time of (a) the forward model in ONNX Runtime, (b) loss and gradient with the graph that `nearmiss grad
--save-graph` writes, in ONNX Runtime with the same options, (c) PyTorch's forward and backward for the input alone,
(d) loss and gradient as the program itself runs them, with kernels of its own that no file has: what `nearmiss grad`
says. They take turns on the same two cores; each turn is the median of some runs in a row, a figure the median over the
turns (a ratio that of the turns' ratios). "program/fwd" and "torch/prog." are those of (d), "file/fwd" that of (b).
Other work on the machine spoils even ratios: "others" is how many cores it kept busy meanwhile, and a row where that
is more than a twentieth, or where the turns differ by more than a quarter, is marked with "!".
With a batch of more than one the first sample is repeated. Memory is the peak of a fresh process that does nothing
but (a), or (b).

--onnx-ad: the graphs of onnx-ad's `reverse` in place of PyTorch, on models by path or on those of a folder that take
images: both in ONNX Runtime with the same options, turn by turn, on the same seeded input and cotangent, each asked for
the output and the gradient. onnx-ad is helped where that is possible: shapes bound and inferred, the operator set
lifted to 18. Where it yields no graph its reason stands in the row.

--coverage: for every file, whether `nearmiss grad` yields a gradient, and whether onnxsim's graph_grad does, each in
a process of its own, run in ONNX Runtime and compared with PyTorch's. onnxsim has no command for this: its
`build_backward` appends gradient nodes to nodes it is given. It is helped where that is possible: shapes bound and
graph simplified by onnxsim itself, only the nodes between input and output given, at opset 17 (the one its rules are
written for) or the file's own (the nodes it adds are then lifted to that), with and without ONNX's own definitions of
composite operators put in their place. Where it fails, the operators without a rule are those of the attempt that
came closest.
"""

import argparse
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

import numpy as np

BINARY = pathlib.Path.home() / ".cache/nearmiss/target/release/nearmiss"
FIXTURES = pathlib.Path(__file__).resolve().parent.parent / "tests/fixtures"
THREADS = 2
AGREES = 0.9999  # cosine
PAUSE = 0.1  # seconds; ONNX Runtime's threads spin for a while after a run and would slow the next contestant
LIMIT = 300  # seconds a child may take


# --- Files and figures -------------------------------------------------------------------------------------------


def listed(folder, only=()):
    """The entries of models.json that have a file."""
    entries = json.loads((folder / "models.json").read_text())
    return [entry for entry in entries if not only or entry["name"] in only]


def chosen_file(folder, entry):
    """The dynamo export where there is one."""
    files = entry["files"]
    return folder / next(files[kind]["file"] for kind in ("dynamo", "classic") if "file" in files.get(kind, {}))


def reference(folder, entry, batch=None):
    """Inputs by name, cotangent and gradient; the first sample repeated to the batch asked for."""
    arrays = np.load(folder / entry["data"])
    take = (lambda v: v) if batch is None else (lambda v: np.repeat(v[:1], batch, axis=0))
    inputs = {name.removeprefix("input_"): take(arrays[name]) for name in arrays.files if name.startswith("input_")}
    return inputs, take(arrays["cotangent"]), take(arrays["gradient"])


def agreement(got, wanted):
    """Cosine and relative L2 error."""
    got, wanted = got.ravel().astype(np.float64), wanted.ravel().astype(np.float64)
    if got.shape != wanted.shape or not np.isfinite(got).all():
        return 0.0, float("inf")
    norms = np.linalg.norm(got) * np.linalg.norm(wanted)
    return float(got @ wanted / norms) if norms else 0.0, float(
        np.linalg.norm(got - wanted) / np.linalg.norm(wanted),
    )


def session(path):
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.log_severity_level = THREADS, 3
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


def feeds(opened, inputs, cotangent):
    """The session's inputs: nearmiss renames none of the model's own, and adds the cotangent."""
    given = {**inputs, "nearmiss_cotangent": cotangent}
    return {i.name: given[i.name] for i in opened.get_inputs()}


def child(*arguments):
    """Runs this script again with a private task; its last line of output is JSON."""
    command = [sys.executable, __file__, *map(str, arguments)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=LIMIT)
    except subprocess.TimeoutExpired:
        return {"error": f"took more than {LIMIT} s"}
    try:
        return json.loads(done.stdout.splitlines()[-1])
    except (IndexError, ValueError):
        last = done.stderr.strip().splitlines()[-1:] or [""]
        return {"error": f"exit status {done.returncode}: {last[0][:200]}"}


def peak_mb():
    """The peak of this process. ru_maxrss would include that of the parent, which it inherits over exec on Linux."""
    status = pathlib.Path("/proc/self/status")
    if status.exists():
        line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
        return int(line.split()[1]) / 1024
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (2**20 if sys.platform == "darwin" else 1024)


# --- nearmiss ----------------------------------------------------------------------------------------------------


def gradient_graph(binary, model, inputs, cotangent, target=None):
    """What `nearmiss grad --json` says; the graph is written to `target`, where one is named."""
    with tempfile.TemporaryDirectory() as folder:
        x, g = pathlib.Path(folder, "x.npy"), pathlib.Path(folder, "g.npy")
        np.save(x, next(iter(inputs.values())))
        np.save(g, cotangent)
        file = ["--save-graph", target] if target else []
        return json_of([binary, "grad", model, "--input", x, "--cotangent", g, *file, "--json"])


def json_of(command):
    """What a command prints as JSON; a refusal with its last words where it prints none."""
    try:
        done = subprocess.run(list(map(str, command)), capture_output=True, text=True, timeout=LIMIT)
        return json.loads(done.stdout)
    except subprocess.TimeoutExpired:
        return {"supported": False, "error": f"took more than {LIMIT} s"}
    except ValueError:
        return {"supported": False, "error": (done.stderr.strip().splitlines() or ["no output"])[-1][:200]}


def run_graph(path, inputs, cotangent):
    """The gradient by a saved graph. One that is bound to a batch of 1 runs sample by sample."""
    opened = session(path)
    given = feeds(opened, inputs, cotangent)
    name, batch = "nearmiss_gradient", len(cotangent)
    if batch > 1 and all(i.shape[0] == 1 for i in opened.get_inputs()):
        rows = [{key: value[row:row + 1] for key, value in given.items()} for row in range(batch)]
        return np.concatenate([opened.run([name], row)[0] for row in rows])
    return opened.run([name], given)[0]


# --- Cost --------------------------------------------------------------------------------------------------------


def torch_step(entry, batch):
    """A function that runs PyTorch's forward and backward for the input alone, and returns the gradient."""
    sys.path.insert(0, str(FIXTURES))
    import make_models
    import torch

    torch.set_num_threads(THREADS)
    arch = next(arch for arch in make_models.FULL + make_models.SMALL if arch.name == entry["name"])
    model, inputs = make_models.build(arch)
    arguments = [torch.from_numpy(np.repeat(value[:1], batch, axis=0)) for value in inputs]

    def step(cotangent):
        output, leaf = make_models.forward_with_leaf(arch, model, arguments)
        (gradient,) = torch.autograd.grad((output * torch.from_numpy(cotangent)).sum(), leaf)
        return gradient.numpy()

    return step


def busy_seconds():
    """Processor time that all processes, and this one with its children, have used; None where the system does not tell."""
    stat = pathlib.Path("/proc/stat")
    if not stat.exists():
        return None
    user, nice, system, _, _, irq, softirq, steal = map(int, stat.read_text().split()[1:9])
    own = os.times()
    return (user + nice + system + irq + softirq + steal) / os.sysconf("SC_CLK_TCK"), sum(own[:4])


def milliseconds(run, at_least=3, seconds=0.5):
    """The median of a few calls in a row."""
    times, started = [], time.perf_counter()
    while len(times) < at_least or (time.perf_counter() - started < seconds and len(times) < 25):
        before = time.perf_counter()
        run()
        times.append(time.perf_counter() - before)
    return statistics.median(times) * 1e3


def program_ms(binary, folder, entry, inputs, cotangent):
    """Loss and gradient as the program itself runs them."""
    said = gradient_graph(binary, chosen_file(folder, entry), inputs, cotangent)
    return said.get("gradient_ms") or float("nan")


def time_model(folder, entry, graph, turns, batch, binary):
    """Figures of one model. `graph` may be missing: then forward and PyTorch only."""
    inputs, cotangent, gradient = reference(folder, entry, batch)
    forward = session(chosen_file(folder, entry))
    step = torch_step(entry, batch)
    contestants = {
        "forward_ms": lambda: forward.run(None, inputs),
        "torch_ms": lambda: step(cotangent),
    }
    figures = {}
    cosine, error = agreement(step(cotangent), gradient)
    figures["torch_against_file"] = {"cosine": cosine, "error": error}
    if graph.exists():
        backward = session(graph)
        given = feeds(backward, inputs, cotangent)
        names = [output.name for output in backward.get_outputs()]
        contestants["gradient_ms"] = lambda: backward.run(names, given)
        got = backward.run(["nearmiss_gradient"], given)[0]
        figures["cosine"], figures["error"] = agreement(got, gradient)
    samples = {name: [] for name in [*contestants, *(["program_ms"] if graph.exists() else [])]}
    for run in contestants.values():
        run()
    started, before = time.perf_counter(), busy_seconds()
    for _ in range(turns):
        for name, run in contestants.items():
            samples[name].append(milliseconds(run))
            time.sleep(PAUSE)
        if graph.exists():
            samples["program_ms"].append(program_ms(binary, folder, entry, inputs, cotangent))
    if before:
        (all_then, own_then), (all_now, own_now) = before, busy_seconds()
        figures["others"] = max(0.0, all_now - all_then - (own_now - own_then)) / (time.perf_counter() - started)
    figures["spread"] = max(max(values) / min(values) for values in samples.values())
    figures |= {name: statistics.median(values) for name, values in samples.items()}
    if "gradient_ms" in samples:
        figures["gradient_over_forward"] = median_ratio(samples["gradient_ms"], samples["forward_ms"])
        figures["torch_over_gradient"] = median_ratio(samples["torch_ms"], samples["gradient_ms"])
        figures["program_over_forward"] = median_ratio(samples["program_ms"], samples["forward_ms"])
        figures["torch_over_program"] = median_ratio(samples["torch_ms"], samples["program_ms"])
    return figures


def median_ratio(above, below):
    return statistics.median(a / b for a, b in zip(above, below, strict=True))


def memory_of(folder, entry, path, batch):
    """The peak of a process that runs one graph twice."""
    inputs, cotangent, _ = reference(folder, entry, batch)
    opened = session(path)
    given = feeds(opened, inputs, cotangent)
    for _ in range(2):
        opened.run(None, given)
    return {"peak_mb": peak_mb()}


def compare_cost(options):
    rows = []
    with tempfile.TemporaryDirectory() as scratch:
        for entry in listed(options.models, options.only):
            name, path = entry["name"], chosen_file(options.models, entry)
            graph = pathlib.Path(scratch, "grad.onnx")
            graph.unlink(missing_ok=True)
            row = {"name": name, "file": path.name}
            if options.nearmiss.exists():
                inputs, cotangent, _ = reference(options.models, entry, options.batch)
                said = gradient_graph(options.nearmiss, path, inputs, cotangent, graph)
                row["supported"] = bool(said.get("supported"))
                row |= {key: said[key] for key in ("blocking", "error") if said.get(key)}
            shared = (options.models, name, options.batch)
            row |= child("--task", "time", *shared, graph, "--turns", options.turns, "--nearmiss", options.nearmiss)
            row["forward_peak_mb"] = child("--task", "memory", *shared, path).get("peak_mb")
            if graph.exists():
                row["gradient_peak_mb"] = child("--task", "memory", *shared, graph).get("peak_mb")
                if row["gradient_peak_mb"] and row["forward_peak_mb"]:
                    row["extra_mb"] = row["gradient_peak_mb"] - row["forward_peak_mb"]
            rows.append(row)
            print(cost_line(row), file=sys.stderr, flush=True)
    return rows


COST = [  # heading, key, format
    ("forward ms", "forward_ms", "{:.1f}"),
    ("gradient ms", "gradient_ms", "{:.1f}"),
    ("torch ms", "torch_ms", "{:.1f}"),
    ("program ms", "program_ms", "{:.1f}"),
    ("file/fwd", "gradient_over_forward", "{:.2f}"),
    ("program/fwd", "program_over_forward", "{:.2f}"),
    ("torch/prog.", "torch_over_program", "{:.2f}"),
    ("cosine", "cosine", "{:.6f}"),
    ("rel. error", "error", "{:.1e}"),
    ("fwd MB", "forward_peak_mb", "{:.0f}"),
    ("extra MB", "extra_mb", "{:.0f}"),
    ("others", "others", "{:.2f}"),
]


def cost_line(row):
    cells = [form.format(row[key]) if isinstance(row.get(key), (int, float)) else "-" for _, key, form in COST]
    note = " !" if row.get("others", 0) > 0.05 or row.get("spread", 1) > 1.25 else ""
    note += f"  {row['error']}" if isinstance(row.get("error"), str) else ""
    note += "".join(f"  no rule: {b['op']}" for b in row.get("blocking", [])[:3])
    return f"{row['name']:30}" + "".join(f"{cell:>12}" for cell in cells) + note


def print_cost(rows):
    print(f"{'':30}" + "".join(f"{heading:>12}" for heading, _, _ in COST))
    for row in rows:
        print(cost_line(row))
    middle = medians(rows)
    print(cost_line({"name": "median", **middle}))


def medians(rows):
    found = {key: [row[key] for row in rows if isinstance(row.get(key), (int, float))] for _, key, _ in COST}
    return {key: statistics.median(values) for key, values in found.items() if values}


# --- onnx-ad ------------------------------------------------------------------------------------------------------


def onnx_ad_graph(path, inputs, output, target):
    """Writes what onnx-ad makes of a model to `target`."""
    import onnx
    import onnx.version_converter
    import onnx_ad

    model = onnx.load(path)
    for value in model.graph.input:
        if value.name in inputs:
            shape = value.type.tensor_type.shape
            del shape.dim[:]
            for size in inputs[value.name].shape:
                shape.dim.add().dim_value = size
    if next(opset.version for opset in model.opset_import if not opset.domain) < 18:
        model = onnx.version_converter.convert_version(model, 18)
    del model.graph.value_info[:]
    model = onnx.shape_inference.infer_shapes(model, data_prop=True)
    made = onnx_ad.reverse(model, inputs=[next(iter(inputs))], outputs=[output], layout="onnx")
    onnx.save(made, target)


def models_of(paths):
    """Files with values for their inputs, by path; of a folder those with one input, an image."""
    for path in paths:
        if path.is_dir():
            for entry in listed(path):
                for file in entry["files"].values():
                    if "file" in file and entry["kind"] == "image":
                        yield path / file["file"], reference(path, entry)[0]
        else:
            opened = session(path)
            given, seeded = {}, np.random.default_rng(0)
            for port in opened.get_inputs():
                usual = [1, 3, 224, 224] if len(port.shape) == 4 else [1] * len(port.shape)
                shape = [s if isinstance(s, int) else u for s, u in zip(port.shape, usual)]
                given[port.name] = seeded.standard_normal(shape, np.float32)
            yield path, given


def against_onnx_ad(binary, path, inputs, turns):
    """Figures of one model with both graphs; a reason where one of them is not to be had."""
    forward = session(path)
    output = forward.get_outputs()[0].name
    cotangent = np.random.default_rng(1).standard_normal(forward.run([output], inputs)[0].shape).astype(np.float32)
    with tempfile.TemporaryDirectory() as scratch:
        ours, theirs = pathlib.Path(scratch, "ours.onnx"), pathlib.Path(scratch, "theirs.onnx")
        said = gradient_graph(binary, path, inputs, cotangent, ours)
        if not said.get("supported"):
            return {"error": f"nearmiss: {said.get('error', 'refused')}"}
        began = time.perf_counter()
        try:
            onnx_ad_graph(path, inputs, output, theirs)
            there = session(theirs)
        except Exception as problem:  # its refusals, and whatever ONNX or ONNX Runtime raises
            return {"error": f"onnx-ad: {first_line(problem)}"}
        made_s = time.perf_counter() - began
        here = session(ours)
    mine = feeds(here, inputs, cotangent)
    other = {i.name: cotangent[..., None] if i.name.startswith("adj_") else inputs[i.name] for i in there.get_inputs()}
    wanted = [output, f"adj_{next(iter(inputs))}"]
    contestants = {
        "forward_ms": lambda: forward.run([output], inputs),
        "gradient_ms": lambda: here.run([output, "nearmiss_gradient"], mine),
        "onnx_ad_ms": lambda: there.run(wanted, other),
    }
    try:
        found = here.run(["nearmiss_gradient"], mine)[0], there.run(wanted[1:], other)[0][..., 0]
    except Exception as problem:
        return {"error": f"onnx-ad: {first_line(problem)}"}
    cosine, error = agreement(*found)
    off = off_slope(forward, output, inputs, cotangent, found) if cosine < AGREES else None
    samples = {name: [] for name in contestants}
    started, before = time.perf_counter(), busy_seconds()
    for _ in range(turns):
        for name, run in contestants.items():
            samples[name].append(milliseconds(run))
            time.sleep(PAUSE)
    figures = {name: statistics.median(values) for name, values in samples.items()}
    figures |= {"cosine": cosine, "error_l2": error, "onnx_ad_made_s": made_s}
    if off:
        figures |= {"off_nearmiss": off[0], "off_onnx_ad": off[1]}
    figures["spread"] = max(max(values) / min(values) for values in samples.values())
    figures["gradient_over_forward"] = median_ratio(samples["gradient_ms"], samples["forward_ms"])
    figures["onnx_ad_over_gradient"] = median_ratio(samples["onnx_ad_ms"], samples["gradient_ms"])
    if before:
        (all_then, own_then), (all_now, own_now) = before, busy_seconds()
        figures["others"] = max(0.0, all_now - all_then - (own_now - own_then)) / (time.perf_counter() - started)
    return figures


def off_slope(forward, output, inputs, cotangent, gradients):
    """How far each gradient is from the model's slope along the first of them, as a share of that slope."""
    name = next(iter(inputs))
    way = gradients[0].astype(np.float64)
    way /= np.sqrt(np.mean(way**2)) or 1.0
    slopes = []
    for step in (3e-3, 1e-3, 3e-4, 1e-4):
        moved = [{**inputs, name: (inputs[name] + by * way).astype(np.float32)} for by in (step, -step)]
        ends = [(forward.run([output], at)[0].astype(np.float64) * cotangent).sum() for at in moved]
        slopes.append((ends[0] - ends[1]) / (2 * step))
    steady = min(range(1, len(slopes)), key=lambda i: abs(slopes[i] - slopes[i - 1]))
    return [abs((g.astype(np.float64) * way).sum() / slopes[steady] - 1) for g in gradients]


def compare_onnx_ad(options):
    import onnx_ad  # noqa: F401  Where it is missing there is nothing to compare.

    rows = []
    for path, inputs in models_of(options.onnx_ad):
        row = {"name": f"{path.parent.name}/{path.name}"}
        if not options.only or path.name in options.only:
            row |= against_onnx_ad(options.nearmiss, path, inputs, options.turns)
            rows.append(row)
            print(rival_line(row), file=sys.stderr, flush=True)
    return rows


RIVAL = [  # heading, key, format
    ("forward ms", "forward_ms", "{:.2f}"),
    ("gradient ms", "gradient_ms", "{:.2f}"),
    ("onnx-ad ms", "onnx_ad_ms", "{:.2f}"),
    ("grad/fwd", "gradient_over_forward", "{:.2f}"),
    ("ad/grad", "onnx_ad_over_gradient", "{:.2f}"),
    ("cosine", "cosine", "{:.6f}"),
    ("others", "others", "{:.2f}"),
]


def rival_line(row):
    if "error" in row:
        return f"{row['name']:40}  {row['error'][:150]}"
    cells = [form.format(row[key]) if key in row else "-" for _, key, form in RIVAL]
    note = " !" if row.get("others", 0) > 0.05 or row.get("spread", 1) > 1.25 else ""
    if "off_onnx_ad" in row:
        note += f"  by differences nearmiss is off {row['off_nearmiss']:.1%}, onnx-ad {row['off_onnx_ad']:.1%}"
    return f"{row['name']:40}" + "".join(f"{cell:>12}" for cell in cells) + note


def print_onnx_ad(rows):
    print(f"{'':40}" + "".join(f"{heading:>12}" for heading, _, _ in RIVAL))
    for row in rows:
        print(rival_line(row))
    both = [row for row in rows if "onnx_ad_ms" in row]
    if both:
        ratio = statistics.median(row["onnx_ad_over_gradient"] for row in both)
        print(f"both can do {len(both)} of {len(rows)}; onnx-ad takes {ratio:.2f} times as long (median of ratios)")


# --- Coverage ----------------------------------------------------------------------------------------------------


def nearmiss_covers(binary, folder, entry, path):
    inputs, cotangent, gradient = reference(folder, entry)
    with tempfile.TemporaryDirectory() as scratch:
        graph = pathlib.Path(scratch, "grad.onnx")
        said = gradient_graph(binary, path, inputs, cotangent, graph)
        if not said.get("supported"):
            # With a graph to save the answer is a sentence; without, a list.
            listed_ops = json_of([binary, "grad", path, "--json"]).get("blocking", [])
            blocking = ", ".join(sorted({item["op"] for item in listed_ops}))
            return {"supported": False, "reason": blocking or said.get("error", "refused")}
        try:
            cosine, error = agreement(run_graph(graph, inputs, cotangent), gradient)
        except Exception as problem:  # whatever ONNX Runtime raises is the finding
            return {"supported": False, "reason": first_line(problem)}
    agrees = cosine > AGREES
    return {"supported": agrees, "cosine": cosine, "error": error, **({} if agrees else {"reason": "disagrees"})}


def first_line(problem):
    return f"{type(problem).__name__}: {' '.join(str(problem).split())[:160]}"


class NoRule(Exception):
    """Operators between input and output that the tool cannot differentiate."""


def onnxsim_covers(folder, entry, path):
    """Tries onnxsim's rules on the file in each of the ways that could work; the best outcome."""
    inputs, cotangent, gradient = reference(folder, entry)
    outcomes = []
    for opset in (17, None):
        for expand in (False, True):
            try:
                model = onnxsim_prepare(path, inputs, opset, expand)
                got = run_onnxsim(onnxsim_gradient(model, entry, path), inputs, cotangent)
            except NoRule as missing:
                blocking = missing.args[0]
                outcomes.append({"reason": f"no rule for {', '.join(blocking)}", "blocking": blocking})
            except Exception as problem:  # its other refusals, and whatever ONNX or ONNX Runtime raises
                outcomes.append({"reason": first_line(problem)})
            else:
                cosine, error = agreement(got, gradient)
                if cosine > AGREES:
                    return {"supported": True, "cosine": cosine, "error": error}
                outcomes.append({"reason": f"disagrees: cosine {cosine:.4f}", "cosine": cosine})
    # Missing rules say more than what failed in preparing another attempt.
    closest = min(outcomes, key=lambda outcome: len(outcome.get("blocking", range(99))))
    return {"supported": False, **closest}


def onnxsim_prepare(path, inputs, opset, expand):
    import onnx
    import onnx.inliner
    import onnxsim

    model = onnx.load(path)
    shapes = {name: list(value.shape) for name, value in inputs.items()}
    model, _ = onnxsim.simplify(
        model, overwrite_input_shapes=shapes, inline_functions=True, target_opset_version=opset,
    )
    if expand:
        import onnxsim.graph_grad

        known = onnxsim.graph_grad.supported_ops()
        unknown = sorted({n.op_type for n in model.graph.node if n.op_type not in known})
        model = onnx.inliner.inline_selected_functions(
            model, [("", op) for op in unknown], inline_schema_functions=True,
        )
        model, _ = onnxsim.simplify(model)
    return onnx.shape_inference.infer_shapes(model, data_prop=True)


def slice_between(model, source, target):
    """The nodes on a path from one tensor to another, in order: what `build_backward` wants to be given."""
    below, chosen = {source}, []
    for node in model.graph.node:
        if below & set(node.input):
            below |= set(node.output)
            chosen.append(node)
    wanted, kept = {target}, []
    for node in reversed(chosen):
        if wanted & set(node.output):
            wanted |= set(node.input)
            kept.append(node)
    return kept[::-1]


def static_shapes(model):
    shapes = {tensor.name: list(tensor.dims) for tensor in model.graph.initializer}
    for value in (*model.graph.input, *model.graph.output, *model.graph.value_info):
        dims = value.type.tensor_type.shape.dim
        if value.type.tensor_type.HasField("shape") and all(d.HasField("dim_value") for d in dims):
            shapes[value.name] = [d.dim_value for d in dims]
    return shapes


def source_tensor(model, entry, path):
    """The image, or the output of the Gather on the embedding table (known by its content, as names may change)."""
    import onnx

    if entry["kind"] == "image":
        return next(iter(entry["inputs"]))
    name = next(f["embedding"] for f in entry["files"].values() if f.get("file") == path.name)
    tables = {t.name: onnx.numpy_helper.to_array(t) for t in onnx.load(path).graph.initializer if t.name == name}
    for node in model.graph.node:
        if node.op_type == "Gather":
            for tensor in model.graph.initializer:
                same = tensor.name == node.input[0] and list(tensor.dims) == list(tables[name].shape)
                if same and np.array_equal(onnx.numpy_helper.to_array(tensor), tables[name]):
                    return node.output[0]
    raise ValueError("no Gather on the embedding table")


def onnxsim_gradient(model, entry, path):
    """The model with onnxsim's gradient nodes after its own."""
    import onnx
    import onnx.inliner
    from onnxsim import graph_grad, qat_graph

    source, target = source_tensor(model, entry, path), model.graph.output[0].name
    shapes = static_shapes(model)
    builder = qat_graph.GraphBuilder(prefix="gradient_")
    builder.nodes, builder.initializer = list(model.graph.node), list(model.graph.initializer)
    # Some rules read the value of an operand that must be a constant; exporters may keep those as nodes.
    for node in model.graph.node:
        if node.op_type == "Constant" and node.attribute[0].name == "value":
            tensor = onnx.TensorProto()
            tensor.CopyFrom(node.attribute[0].t)
            tensor.name = node.output[0]
            builder.initializer.append(tensor)
            builder.nodes.remove(node)
            shapes[tensor.name] = list(tensor.dims)
    between = slice_between(model, source, target)
    blocking = sorted({node.op_type for node in between} - graph_grad.supported_ops())
    if blocking:
        raise NoRule(blocking)
    own = len(builder.nodes)
    found = graph_grad.build_backward(builder, between, shapes, {target: "nearmiss_cotangent"}, [source])
    if next(opset.version for opset in model.opset_import if not opset.domain) >= 18:
        lift_reductions(builder, builder.nodes[own:])
    builder.nodes.append(onnx.helper.make_node("Identity", [found[source]], ["nearmiss_gradient"]))
    info = onnx.helper.make_tensor_value_info
    graph = onnx.helper.make_graph(
        builder.nodes, "gradient",
        [*model.graph.input, info("nearmiss_cotangent", onnx.TensorProto.FLOAT, shapes[target])],
        [info("nearmiss_gradient", onnx.TensorProto.FLOAT, shapes[source])], builder.initializer,
    )
    opsets = list(model.opset_import) + [onnx.helper.make_opsetid(f.domain, 1) for f in builder.functions]
    unique = {opset.domain: opset for opset in opsets}
    whole = onnx.helper.make_model(
        graph, opset_imports=list(unique.values()), ir_version=model.ir_version, functions=builder.functions,
    )
    return onnx.inliner.inline_local_functions(whole) if builder.functions else whole


def lift_reductions(builder, nodes):
    """From opset 18 on ReduceMean takes its axes as an input; the rules write the attribute of opset 17."""
    import onnx

    for node in nodes:
        axes = [a for a in node.attribute if a.name == "axes"]
        if node.op_type == "ReduceMean" and axes:
            node.input.append(builder.name("axes"))
            builder.initializer.append(
                onnx.numpy_helper.from_array(np.array(axes[0].ints, np.int64), node.input[-1]),
            )
            node.attribute.remove(axes[0])


def run_onnxsim(model, inputs, cotangent):
    import onnxruntime

    opened = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    return opened.run(["nearmiss_gradient"], feeds(opened, inputs, cotangent))[0]


def compare_coverage(options):
    rows = []
    for entry in listed(options.coverage, options.only):
        for exporter, file in entry["files"].items():
            if "file" not in file:
                continue
            path = options.coverage / file["file"]
            row = {"file": file["file"], "name": entry["name"], "exporter": exporter, "opset": file["opset"]}
            if options.nearmiss.exists():
                row["nearmiss"] = nearmiss_covers(options.nearmiss, options.coverage, entry, path)
            row["onnxsim"] = child("--task", "onnxsim", options.coverage, entry["name"], 0, path)
            rows.append(row)
            print(coverage_line(row), file=sys.stderr, flush=True)
    return rows


def coverage_line(row):
    cells = []
    for tool in ("nearmiss", "onnxsim"):
        found = row.get(tool)
        yes = found and found.get("supported")
        cells.append("-" if found is None else "yes" if yes else f"no: {found.get('reason', found.get('error'))}")
    return f"{row['file']:36}{row['opset']:>6}  {cells[0]:24}  {cells[1][:120]}"


def print_coverage(rows):
    print(f"{'':36}{'opset':>6}  {'nearmiss':24}  onnxsim graph_grad")
    for row in rows:
        print(coverage_line(row))
    for tool in ("nearmiss", "onnxsim"):
        asked = [row[tool] for row in rows if tool in row]
        if asked:
            print(f"{tool}: {sum(bool(found.get('supported')) for found in asked)} of {len(asked)} files")


# --- The run -----------------------------------------------------------------------------------------------------


def run_task(task, folder, name, batch, path, turns, binary):
    """What a child process does; one line of JSON."""
    folder, path, batch = pathlib.Path(folder), pathlib.Path(path), int(batch)
    entry = listed(folder, [name])[0]
    if task == "time":
        found = time_model(folder, entry, path, turns, batch, binary)
    elif task == "memory":
        found = memory_of(folder, entry, path, batch)
    else:
        found = onnxsim_covers(folder, entry, path)
    print("\n" + json.dumps(found), flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--models", type=pathlib.Path, metavar="DIR", help="the full models: measure cost")
    parser.add_argument("--coverage", type=pathlib.Path, metavar="DIR", help="the small models: who can differentiate")
    parser.add_argument("--onnx-ad", type=pathlib.Path, nargs="+", metavar="PATH", help="models, or a folder of them")
    parser.add_argument("--nearmiss", type=pathlib.Path, metavar="BIN", default=BINARY)
    parser.add_argument("--turns", type=int, default=5)
    parser.add_argument("--batch", type=int, default=1)
    parser.add_argument("--only", nargs="+", metavar="NAME", default=[])
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--task", nargs=5, help=argparse.SUPPRESS)  # what `child` runs
    options = parser.parse_args()
    if options.task:
        os.environ["OMP_NUM_THREADS"] = str(THREADS)
        return run_task(*options.task, options.turns, options.nearmiss)
    if not (options.models or options.coverage or options.onnx_ad):
        parser.error("give --models, --coverage or --onnx-ad")
    if not options.nearmiss.exists():
        print(f"{options.nearmiss}: not there, so nothing of nearmiss is measured", file=sys.stderr)
    result = {}
    if options.coverage:
        result["coverage"] = compare_coverage(options)
    if options.onnx_ad:
        result["onnx_ad"] = compare_onnx_ad(options)
    if options.models:
        result["cost"] = compare_cost(options)
        result["medians"] = medians(result["cost"])
    if options.json:
        print(json.dumps(result, indent=1))
        return
    if "coverage" in result:
        print_coverage(result["coverage"])
    if "onnx_ad" in result:
        print_onnx_ad(result["onnx_ad"])
    if "cost" in result:
        print_cost(result["cost"])


if __name__ == "__main__":
    main()
