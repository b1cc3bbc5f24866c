//! Models that take or give other things than `[batch, channels, height, width]` and one vector per row.

mod texts;

use super::made::{folder, open, pictures, refusal};
use super::models::{FLOAT, INT64, named, node, port, with, write, write_text_sums};
use super::{largest_difference, task};
use nearmiss::encoder::{Encoder, EncoderOptions, Pool};
use nearmiss::error::{Error, Question};
use nearmiss::onnx::proto::NodeProto;
use std::path::Path;
use tempfile::TempDir;

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
    let made = encoder
        .embed_dataset(&scenes(place.path()), None, &task())
        .unwrap();
    made.embedded.images.data().to_vec()
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
    let made = encoder.embed_dataset(&dataset, None, &task()).unwrap();
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
    assert!(largest_difference(made.embedded.images.row(0), &expected) < 1e-6);
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

#[test]
fn one_file_may_hold_both_towers_in_other_types() {
    let made = tempfile::tempdir().unwrap();
    super::models::write_both(&made.path().join("model.onnx"));
    super::models::write_settings(made.path());
    let encoder = open(&made, &EncoderOptions::default()).unwrap();
    // What was opened once is said of both.
    let info = encoder.describe();
    assert_eq!(info.image_provider, info.text_provider);
    let plain = folder(|p| super::models::write_image_means(p, "Identity", 0));
    let plain = open(&plain, &EncoderOptions::default()).unwrap();
    let dataset = super::scenes(3);
    let of = |encoder: &Encoder| {
        encoder
            .embed_dataset(&dataset, None, &task())
            .unwrap()
            .embedded
            .images
    };
    assert!(largest_difference(of(&encoder).data(), of(&plain).data()) < 2e-3);

    let texts = ["one", "one one one four"].map(String::from);
    let embedded = encoder.embed_texts(&texts, None, &task()).unwrap();
    // Means 1/4, 1/4 and 7/4, 4/4.
    let expected: Vec<f32> = [[1.0_f32, 1.0, 1.0], [7.0, 4.0, 4.0]]
        .iter()
        .flat_map(|row| row.map(|v| v / row.iter().map(|v| v * v).sum::<f32>().sqrt()))
        .collect();
    assert!(largest_difference(embedded.data(), &expected) < 1e-5);
}
