//! Models that take or give other things than `[batch, channels, height, width]` and one vector per row.

use super::made::{folder, open, pictures, refusal};
use super::models::{FLOAT, INT64, named, node, port, with, write, write_text_sums};
use super::{largest_difference, task};
use nearmiss::encoder::{Encoder, EncoderOptions, Pool};
use nearmiss::error::{Error, Question};
use std::path::Path;
use tempfile::TempDir;
use tract_onnx::pb::NodeProto;

const UINT8: i32 = 2;

/// An image model whose embedding is the mean of each of the first three channels, weighted by rows so that axes cannot
/// be taken for each other: `x` is made of its input "image" by `before`.
fn means(path: &Path, kind: i32, dims: &[i64], before: Vec<NodeProto>) {
    let mut nodes = before;
    nodes.extend([
        with(node("Cast", &["x"], "f"), &[("to", 1)], &[]),
        with(
            node("ReduceMean", &["f"], "columns"),
            &[("keepdims", 0)],
            &[("axes", &[3])],
        ),
        with(
            node("ReduceMean", &["columns"], "all"),
            &[("keepdims", 0)],
            &[("axes", &[2])],
        ),
        with(
            node("ReduceMax", &["columns"], "top"),
            &[("keepdims", 0)],
            &[("axes", &[2])],
        ),
        node("Add", &["all", "top"], "image_embeds"),
    ]);
    write(
        path,
        vec![port("image", kind, dims)],
        nodes,
        vec![port("image_embeds", FLOAT, &[0, 3])],
    );
}

/// Pictures whose channels, rows and columns all differ.
fn scenes(place: &Path) -> nearmiss::dataset::Dataset {
    let names = ["a.ppm", "b.ppm", "c.ppm"];
    let dataset = pictures(place, &names.map(|n| (n, 0, "one")));
    for (k, name) in names.iter().enumerate() {
        let mut bytes = b"P6 8 8 255\n".to_vec();
        for at in 0..64_usize {
            let (y, x) = (at / 8, at % 8);
            bytes.extend([
                (y * 20 + k * 9) as u8,
                (x * 11 + 40) as u8,
                (y * x + 90 + k) as u8,
            ]);
        }
        std::fs::write(place.join(name), bytes).unwrap();
    }
    dataset
}

fn embed(made: &TempDir) -> Vec<f32> {
    let place = tempfile::tempdir().unwrap();
    let encoder = open(made, &EncoderOptions::default()).unwrap();
    let embedded = encoder
        .embed_dataset(&scenes(place.path()), None, &task())
        .unwrap();
    embedded.images.data().to_vec()
}

/// Equal but for sums in another order.
fn close(a: &[f32], b: &[f32]) {
    assert!(largest_difference(a, b) < 1e-6, "{a:?} and {b:?}");
}

fn plain() -> TempDir {
    folder(|p| {
        means(
            p,
            FLOAT,
            &[0, 3, 8, 8],
            vec![node("Identity", &["image"], "x")],
        );
    })
}

#[test]
fn every_layout_of_pictures_gives_the_same_embedding() {
    let turn = |from: &str, to: &str| {
        with(
            node("Transpose", &[from], to),
            &[],
            &[("perm", &[0, 3, 1, 2])],
        )
    };
    let first = |from: &str| vec![with(node("Split", &[from], "x"), &[("axis", 1)], &[])];
    let usual = embed(&plain());
    let last = folder(|p| means(p, FLOAT, &[0, 8, 8, 3], vec![turn("image", "x")]));
    close(&embed(&last), &usual);
    // A fourth channel of full opacity: the mean of its rows, and their largest, is 1.
    let opaque = folder(|p| {
        let mut parts = first("image");
        parts[0].output = vec!["x".into(), "alpha".into()];
        parts[0].input.push("sizes".into());
        let sizes = with(
            node("Constant", &[], "sizes"),
            &[],
            &[("value_ints", &[3, 1])],
        );
        parts.insert(0, sizes);
        means(p, FLOAT, &[0, 4, 8, 8], parts);
    });
    close(&embed(&opaque), &usual);
    let single = folder(|p| {
        let axes = with(node("Constant", &[], "axes"), &[], &[("value_ints", &[0])]);
        means(
            p,
            FLOAT,
            &[3, 8, 8],
            vec![axes, node("Unsqueeze", &["image", "axes"], "x")],
        );
    });
    close(&embed(&single), &usual);
}

#[test]
fn a_model_that_takes_bytes_gets_them_unscaled() {
    let bytes = folder(|p| {
        means(
            p,
            UINT8,
            &[0, 8, 8, 3],
            vec![
                with(node("Cast", &["image"], "c"), &[("to", 1)], &[]),
                with(
                    node("Transpose", &["c"], "x"),
                    &[],
                    &[("perm", &[0, 3, 1, 2])],
                ),
            ],
        );
    });
    let place = tempfile::tempdir().unwrap();
    let dataset = scenes(place.path());
    let encoder = open(&bytes, &EncoderOptions::default()).unwrap();
    let embedded = encoder.embed_dataset(&dataset, None, &task()).unwrap();
    // Means and largest row means of the bytes, by hand for the first picture.
    let red = (0..8).map(|y| f64::from(y * 20)).sum::<f64>() / 8.0 + 140.0;
    let green = 2.0 * ((0..8).map(|x| f64::from(x * 11 + 40)).sum::<f64>() / 8.0);
    let blue = (0..64)
        .map(|at| f64::from((at / 8) * (at % 8) + 90))
        .sum::<f64>()
        / 64.0
        + (0..8).map(|x| f64::from(7 * x + 90)).sum::<f64>() / 8.0;
    let norm = (red * red + green * green + blue * blue).sqrt();
    let expected = [red / norm, green / norm, blue / norm].map(|v| v as f32);
    assert!(largest_difference(embedded.images.row(0), &expected) < 1e-6);
    let info = encoder.describe();
    let said = |what: &str| {
        info.stated
            .iter()
            .find(|s| s.what == what)
            .map(|s| s.value.clone())
    };
    assert_eq!(
        said("scale, mean, deviation").as_deref(),
        Some("inside the model")
    );
    assert!(said("input").is_some_and(|v| v.contains("bytes") && v.contains("channels last")));
}

/// A text model that gives a vector `[id, id squared, 1]` for each token, and no embedding of the text.
fn hidden(path: &Path) {
    let axes = with(node("Constant", &[], "axes"), &[], &[("value_ints", &[2])]);
    let wide = |from: &str, to: &str| node("Unsqueeze", &[from, "axes"], to);
    let mask = named("attention_mask", INT64, &["batch", "seq"]);
    write(
        path,
        vec![named("input_ids", INT64, &["batch", "seq"]), mask],
        vec![
            axes,
            with(node("Cast", &["input_ids"], "f"), &[("to", 1)], &[]),
            node("Mul", &["f", "f"], "ff"),
            node("Div", &["f", "f"], "one"),
            wide("f", "a"),
            wide("ff", "b"),
            wide("one", "c"),
            with(
                node("Concat", &["a", "b", "c"], "last_hidden_state"),
                &[("axis", 2)],
                &[],
            ),
        ],
        vec![named("last_hidden_state", FLOAT, &["batch", "seq", ""])],
    );
}

fn unit(v: [f32; 3]) -> Vec<f32> {
    let norm = v.iter().map(|x| x * x).sum::<f32>().sqrt();
    v.map(|x| x / norm).to_vec()
}

#[test]
fn vectors_per_token_need_a_pooling() {
    let made = plain();
    hidden(&made.path().join("text_model.onnx"));
    let Error::Ask {
        question: Question::TextPool(_),
        ..
    } = refusal(&made)
    else {
        panic!("{}", refusal(&made));
    };
    let texts = ["two", "two three four"].map(String::from);
    let of = |encoder: &Encoder| encoder.embed_texts(&texts, None, &task()).unwrap();
    for (pool, long) in [
        (Pool::First, [2.0, 4.0, 1.0]),
        (Pool::Mean, [3.0, 29.0 / 3.0, 1.0]),
        (Pool::Last, [4.0, 16.0, 1.0]),
    ] {
        let options = EncoderOptions {
            text_pool: Some(pool),
            ..EncoderOptions::default()
        };
        let named = EncoderOptions {
            text_output: Some(format!("last_hidden_state[{}]", pool.name())),
            ..EncoderOptions::default()
        };
        for options in [options, named] {
            let rows = of(&open(&made, &options).unwrap());
            assert!(largest_difference(rows.row(0), &unit([2.0, 4.0, 1.0])) < 1e-6);
            assert!(
                largest_difference(rows.row(1), &unit(long)) < 1e-6,
                "{pool:?}"
            );
        }
    }
    let last = EncoderOptions {
        text_pool: Some(Pool::Last),
        ..EncoderOptions::default()
    };
    let last = open(&made, &last).unwrap();
    let refused = last.text_tower().graph().err().unwrap();
    assert!(refused.to_string().contains("last token"), "{refused}");
    // The folder of sentence-transformers says it.
    std::fs::create_dir(made.path().join("1_Pooling")).unwrap();
    let config = made.path().join("1_Pooling/config.json");
    std::fs::write(
        &config,
        r#"{"pooling_mode_cls_token": false, "pooling_mode_mean_tokens": true}"#,
    )
    .unwrap();
    let said = of(&open(&made, &EncoderOptions::default()).unwrap());
    assert!(largest_difference(said.row(1), &unit([3.0, 29.0 / 3.0, 1.0])) < 1e-6);
    std::fs::write(&config, r#"{"pooling_mode_max_tokens": true}"#).unwrap();
    assert!(
        refusal(&made)
            .to_string()
            .contains("pooling_mode_max_tokens")
    );
}

#[test]
fn rows_that_cannot_run_together_run_one_by_one() {
    // It runs one row alone: the row's values are brought to the shape of one row.
    let fails = folder(|p| {
        let shape = with(
            node("Constant", &[], "shape"),
            &[],
            &[("value_ints", &[1, 3, 8, 8])],
        );
        means(
            p,
            FLOAT,
            &[0, 3, 8, 8],
            vec![shape, node("Reshape", &["image", "shape"], "x")],
        );
    });
    // It takes the mean of all rows away from each.
    let mixes = folder(|p| {
        let all = with(
            node("ReduceMean", &["image"], "mean"),
            &[("keepdims", 1)],
            &[("axes", &[0])],
        );
        let half = with(node("Constant", &[], "half"), &[], &[]);
        let mut half = half;
        half.attribute
            .push(super::models::float("value_float", 0.5));
        means(
            p,
            FLOAT,
            &[0, 3, 8, 8],
            vec![
                all,
                half,
                node("Mul", &["mean", "half"], "part"),
                node("Sub", &["image", "part"], "x"),
            ],
        );
    });
    let usual = embed(&plain());
    close(&embed(&fails), &usual);
    // Alone, the half of a row is taken away from itself: the direction stays.
    assert!(largest_difference(&embed(&mixes), &usual) < 1e-6);
    for (made, why) in [(fails, "fails on two"), (mixes, "otherwise than alone")] {
        let info = open(&made, &EncoderOptions::default()).unwrap().describe();
        assert!(
            info.warnings.iter().any(|w| w.contains(why)),
            "{:?}",
            info.warnings
        );
        let single = EncoderOptions {
            batch: 1,
            ..EncoderOptions::default()
        };
        let info = open(&made, &single).unwrap().describe();
        assert_eq!(
            info.warnings,
            Vec::<String>::new(),
            "--batch 1 needs no trial"
        );
    }
}

#[test]
fn scores_of_pairs_are_refused_whatever_they_are_called() {
    let made = tempfile::tempdir().unwrap();
    super::models::write_settings(made.path());
    let sums = |from: &str, to: &str, axes: &[i64]| {
        with(
            node("ReduceMean", &[from], to),
            &[("keepdims", 0)],
            &[("axes", axes)],
        )
    };
    let widen = |from: &str, axes: &str, to: &str| node("Unsqueeze", &[from, axes], to);
    let constant = |name: &str, value: i64| {
        with(
            node("Constant", &[], name),
            &[],
            &[("value_ints", &[value])],
        )
    };
    write(
        &made.path().join("model.onnx"),
        vec![
            named("pixel_values", FLOAT, &["", "3", "8", "8"]),
            named("input_ids", INT64, &["", ""]),
        ],
        vec![
            constant("one", 1),
            constant("zero", 0),
            sums("pixel_values", "i", &[1, 2, 3]),
            with(node("Cast", &["input_ids"], "f"), &[("to", 1)], &[]),
            sums("f", "t", &[1]),
            widen("i", "one", "left"),
            widen("t", "zero", "right"),
            node("Mul", &["left", "right"], "out"),
        ],
        vec![named("out", FLOAT, &["", ""])],
    );
    let error = refusal(&made);
    assert!(error.to_string().contains("logits"), "{error}");
}

#[test]
fn a_length_that_the_graph_alone_knows_is_found() {
    let made = plain();
    write_text_sums(&made.path().join("text_model.onnx"));
    let path = made.path().join("text_model.onnx");
    // Sums of ids times their position, which a table of 77 rows gives.
    write(
        &path,
        vec![named("input_ids", INT64, &["batch", "seq"])],
        vec![
            {
                let mut range = node("Constant", &[], "places");
                let places: Vec<i64> = (1..=77).collect();
                range = with(range, &[], &[("value_ints", &places)]);
                range
            },
            node("Mul", &["input_ids", "places"], "weighted"),
            with(node("Cast", &["weighted"], "f"), &[("to", 1)], &[]),
            with(
                node("ReduceMean", &["f"], "a"),
                &[("keepdims", 1)],
                &[("axes", &[1])],
            ),
            node("Mul", &["a", "a"], "b"),
            node("Sub", &["a", "b"], "c"),
            with(
                node("Concat", &["a", "b", "c"], "text_embeds"),
                &[("axis", 1)],
                &[],
            ),
        ],
        vec![port("text_embeds", FLOAT, &[0, 3])],
    );
    let encoder = open(&made, &EncoderOptions::default()).unwrap();
    let tokens = encoder.tokenizer().encode(&["one two"]).unwrap();
    assert_eq!(tokens.cols, 77);
    let stated = encoder.describe().stated;
    let length = stated
        .iter()
        .find(|s| s.what == "tokens per caption")
        .unwrap();
    assert!(
        length.value == "77" && length.from.contains("tried"),
        "{length:?}"
    );
}

#[test]
fn a_gradient_passes_every_layout() {
    use crate::attack::method;
    use nearmiss::attack::Network;
    use std::sync::Arc;
    let turn = with(
        node("Transpose", &["c"], "x"),
        &[],
        &[("perm", &[0, 3, 1, 2])],
    );
    let cast = with(node("Cast", &["image"], "c"), &[("to", 1)], &[]);
    let made = folder(|p| means(p, UINT8, &[0, 8, 8, 3], vec![cast, turn]));
    let encoder = Arc::new(open(&made, &EncoderOptions::default()).unwrap());
    let network = Network::image_tower(&encoder, &[], 4, &task()).unwrap();
    assert_eq!(network.blocked(), None);
    method("pgd").runs_on(&network).unwrap();
    // The graph of the gradient and the file give the same rows for pixels that are whole bytes.
    let x: Vec<f32> = (0..2 * 192)
        .map(|k| (k * 37 % 256) as f32 / 255.0)
        .collect();
    let (ours, _) = network.forward(&x, 2, &task()).unwrap();
    let (filed, _) = network.as_filed(&x, 2, &task()).unwrap();
    assert!(largest_difference(&ours, &filed) < 1e-3 * 255.0);
}
