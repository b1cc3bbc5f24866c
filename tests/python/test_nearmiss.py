"""The Python module against the program: NEARMISS_BIN, else the one that was installed with it."""

import os
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import numpy as np
import pytest

import nearmiss

MODEL = Path(__file__).parents[2] / "assets/demo/encoder/vision_model.onnx"


@pytest.fixture(autouse=True, scope="session")
def own_folders(tmp_path_factory):
    """Data and cache of the tests' own."""
    for name in ("NEARMISS_DATA", "NEARMISS_CACHE"):
        os.environ[name] = str(tmp_path_factory.mktemp(name.lower()))


@pytest.fixture(scope="session")
def embedded(own_folders):
    return nearmiss.embed("demo", "demo")


def test_three_lines_of_a_notebook():
    report = nearmiss.evaluate("demo", "demo")
    recalls = [report[way][key] for way in ("i2t", "t2i") for key in ("r1", "r5", "r10")]
    assert all(0 <= r <= 100 for r in recalls)
    assert report["rsum"] == pytest.approx(sum(recalls))


def test_embeddings_are_arrays(embedded):
    images, captions = len(embedded.names), len(embedded.captions)
    assert embedded.images.shape == (images, embedded.report["dim"])
    assert embedded.texts.shape == (captions, embedded.report["dim"])
    assert embedded.offsets[0] == 0 and embedded.offsets[-1] == captions


def test_recall_of_arrays_is_numpys(embedded):
    given = {"image_embeds": embedded.images, "text_embeds": embedded.texts, "captions_per_image": 3}
    report = nearmiss.evaluate(**given, compute="cpu")
    unit = [rows / np.linalg.norm(rows, axis=1, keepdims=True) for rows in (embedded.images, embedded.texts)]
    scores = unit[0] @ unit[1].T
    right = np.arange(scores.shape[1]) // 3
    first = np.mean(right[scores.argmax(axis=1)] == np.arange(len(scores)))
    assert report["i2t"]["r1"] == pytest.approx(100 * first)
    assert report["t2i"]["r1"] == pytest.approx(100 * np.mean(scores.argmax(axis=0) == right))
    # However an array lies in memory.
    odd = {**given, "image_embeds": np.asfortranarray(embedded.images), "text_embeds": embedded.texts.astype("float64")}
    assert nearmiss.evaluate(**odd, compute="cpu")["rsum"] == pytest.approx(report["rsum"])


def test_mining_yields_negatives(embedded):
    mined = nearmiss.mine("demo", "demo", direction="t2i", margin_below=0)
    assert mined and all(row["margin"] < 0 and row["query_kind"] == "text" for row in mined)
    assert mined.data["captions"]["used"] == len(embedded.captions)
    of_rows = nearmiss.mine(
        image_embeds=embedded.images, text_embeds=embedded.texts, captions_per_image=3, direction="t2i", margin_below=0
    )
    assert [row["score_negative"] for row in of_rows] == pytest.approx([row["score_negative"] for row in mined], abs=1e-5)


def test_an_attack_reports_and_keeps_arrays(tmp_path):
    report = nearmiss.attack("demo", "demo", attack="fgsm", eps=[1 / 255, "8/255"], limit=3, save=tmp_path / "kept")
    assert [level["eps"] for level in report["levels"]] == pytest.approx([1 / 255, 8 / 255])
    exact = [np.load(path) for path in (tmp_path / "kept/exact").rglob("*.npy")]
    assert exact and all(0 <= array.min() and array.max() <= 1 for array in exact)


def test_a_gradient_and_its_graph(tmp_path):
    x = np.random.default_rng(0).random((1, 3, 64, 64), dtype=np.float32)
    made = nearmiss.grad(MODEL, x, graph=tmp_path / "gradient.onnx", check=4)
    assert made.values.shape == x.shape and np.isfinite(made.values).all() and made.values.any()
    assert made.graph is not None and made.graph.stat().st_size > 0
    assert made.report["check"]["passed"]
    # The same point, twice the cotangent: twice the gradient.
    ones = np.ones((1, 96), np.float32)
    once, twice = (nearmiss.grad(MODEL, x, cotangent=c).values for c in (ones, 2 * ones))
    assert np.allclose(twice, 2 * once, rtol=1e-4, atol=1e-6)


def test_products_with_jacobian_and_hessian():
    x = np.random.default_rng(0).random((1, 3, 64, 64), dtype=np.float32)
    v = np.random.default_rng(1).standard_normal(x.shape, np.float32)
    u = np.random.default_rng(2).standard_normal((1, 96), np.float32)
    forward = nearmiss.grad(MODEL, x, cotangent=u, forward=True, tangents=[v])
    (along,) = forward.products
    assert along.shape == u.shape and list(forward.gradients) == [forward.report["targets"][0]["name"]]
    assert np.sum(u * along) == pytest.approx(np.sum(forward.values * v), rel=1e-3)
    second = nearmiss.grad(MODEL, x, cotangent=u, hessian=True, tangents=[v])
    assert second.products[0].shape == x.shape and second.report["product"]["of"] == "hessian"


def test_a_classifier_is_attacked_inside_its_boxes():
    rows = np.random.default_rng(1).random((2, 3 * 64 * 64), dtype=np.float32)
    lower, upper = np.clip(rows - 0.01, 0, 1), np.clip(rows + 0.01, 0, 1)
    found = nearmiss.attack_classifier(MODEL, lower, upper, np.array([0, 1]), attack="fgsm")
    inputs = found.inputs.reshape(lower.shape)
    assert (inputs >= lower).all() and (inputs <= upper).all()
    assert len(found.report["results"]) == 2


def test_any_command():
    assert nearmiss.command("rank", dataset="demo", encoder="demo", image=0, k=3)["results"][2]["rank"] == 3
    assert nearmiss.command("doctor")["cores"] >= 1


def test_an_error_has_its_parts(tmp_path):
    missing = tmp_path / "none"
    with pytest.raises(nearmiss.NearmissError) as caught:
        nearmiss.evaluate(missing, "demo")
    error = caught.value
    assert error.file == str(missing) and error.exit_code == 1
    assert error.remedy and error.remedy in str(error)
    assert str(missing) not in error.cause and error.cause in str(error).replace(str(missing), "it")


def test_an_unknown_option_is_an_error():
    with pytest.raises(nearmiss.NearmissError, match="nonsense") as caught:
        nearmiss.evaluate("demo", "demo", nonsense=1)
    assert caught.value.exit_code == 2


def test_a_model_without_gradient_is_refused(tmp_path):
    torn = tmp_path / "torn.onnx"
    torn.write_bytes(b"no model")
    with pytest.raises(nearmiss.NearmissError) as caught:
        nearmiss.grad(torn)
    assert caught.value.file == str(torn)


def test_warnings_are_warnings(tmp_path):
    (tmp_path / "metadata.jsonl").write_text('{"file_name": "a.png", "text": "words"}\n{"file_name": "b.png", "text": "more"}\n')
    for name in ("a.png", "c.png"):
        picture = next((Path(__file__).parents[2] / "assets/demo/scenes").glob("*.png"))
        (tmp_path / name).write_bytes(picture.read_bytes())
    with pytest.warns(nearmiss.NearmissWarning):
        report = nearmiss.evaluate(tmp_path, "demo")
    assert report["images"] == 1


@pytest.mark.skipif(os.name != "posix", reason="signals of the keyboard")
def test_an_interrupt_ends_the_program(tmp_path):
    script = textwrap.dedent(
        """
        import nearmiss
        try:
            nearmiss.command("bench rank", images=60000, captions=300000, dim=512, compute="cpu")
        except KeyboardInterrupt:
            print("interrupted", flush=True)
        """
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    child = subprocess.Popen([sys.executable, "-c", script], env=environment, stdout=subprocess.PIPE, text=True)
    try:
        started = wait_for(lambda: children(child.pid))
        time.sleep(0.5)
        # To Python alone, as a notebook does it.
        child.send_signal(2)
        out, _ = child.communicate(timeout=20)
    finally:
        child.kill()
    assert out.strip() == "interrupted"
    assert wait_for(lambda: not any(Path(f"/proc/{pid}").exists() for pid in started))


def children(pid):
    try:
        return Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except OSError:
        return []


def wait_for(condition, seconds=20.0):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        found = condition()
        if found:
            return found
        time.sleep(0.02)
    raise AssertionError("it did not happen")


def test_the_module_is_the_program():
    said = subprocess.run([sys.executable, "-m", "nearmiss", "--version"], capture_output=True, text=True, check=True)
    assert said.stdout.startswith("nearmiss ")


def test_options_are_those_of_the_program():
    from nearmiss import _options

    for name, command, apart in [
        ("EmbedOptions", "embed", {"dataset", "encoder", "out", "format"}),
        ("EvalOptions", "eval", {"dataset", "encoder"}),
        ("MineOptions", "mine", {"dataset", "encoder", "out", "format"}),
        ("AttackOptions", "attack pairs", {"dataset", "encoder", "attack", "eps", "save"}),
        ("ClassifierOptions", "attack classifier", {"model", "lower", "upper", "labels", "attack", "save"}),
        (
            "GradOptions",
            "grad",
            {"input", "cotangent", "wrt", "forward", "hessian", "tangent", "save_grad", "save_product", "save_graph"},
        ),
    ]:
        help_ = subprocess.run([nearmiss.program(), *command.split(), "--help"], capture_output=True, text=True, check=True)
        lines = [line.strip().removeprefix("-h, ") for line in help_.stdout.splitlines()]
        flags = {line[2:].split()[0].replace("-", "_") for line in lines if line.startswith("--")}
        typed = set(getattr(_options, name).__annotations__)
        for base in getattr(_options, name).__mro__:
            typed |= set(getattr(base, "__annotations__", {}))
        assert typed == flags - apart - {"help", "json"}, name


def test_types_come_with_the_package():
    assert (Path(nearmiss.__file__).parent / "py.typed").is_file()
