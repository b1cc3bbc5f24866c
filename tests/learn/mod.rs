//! The learning laboratory: what was learned, as an encoder and as a file.

mod along;
mod beside;
mod clients;
mod command;
mod expand;
mod export;
mod forget;
mod friendly;
mod linear;
mod made;
mod policies;
mod pooling;
mod random_features;
mod reference;
mod runs;
mod strata;
mod strata_policy;

use nearmiss::compute::train::{Activation, HeadShape, Hidden, Learned, Loss, Plan, Tower, Train};
use nearmiss::compute::{Cpu, Embeddings};
use nearmiss::dataset::Picture;
use nearmiss::encoder::{Encoder, EncoderFiles, EncoderOptions};
use nearmiss::error::Result;
use nearmiss::grad::{Sample, examine};
use nearmiss::learn::export::{Exported, Heads, Trained, export};
use nearmiss::onnx::{Graph, sample_feeds};
use nearmiss::runtime::{Provider, RuntimeEngine};
use nearmiss::task::Task;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

fn task() -> Task {
    Task::detached()
}

/// Heads of every kind for embeddings of `dim` values, by name.
fn shapes(dim: usize) -> Vec<(&'static str, HeadShape)> {
    let hidden = |activation| {
        let width = dim + 3;
        Some(Hidden { width, activation })
    };
    let (narrow, equal) = (HeadShape::linear(dim, 2), HeadShape::linear(dim, dim));
    vec![
        ("linear", narrow),
        (
            "bias",
            HeadShape {
                bias: true,
                ..narrow
            },
        ),
        (
            "ReLU",
            HeadShape {
                hidden: hidden(Activation::Relu),
                bias: true,
                ..narrow
            },
        ),
        (
            "GELU",
            HeadShape {
                hidden: hidden(Activation::Gelu),
                ..narrow
            },
        ),
        (
            "residual",
            HeadShape {
                residual: true,
                ..equal
            },
        ),
        (
            "shared",
            HeadShape {
                hidden: hidden(Activation::Gelu),
                bias: true,
                shared: true,
                residual: true,
                ..equal
            },
        ),
    ]
}

/// Weights at random: rows of about unit norm.
fn heads(shape: HeadShape) -> Heads {
    let mut random = fastrand::Rng::with_seed(5);
    let size = (3.0 / shape.inputs as f32).sqrt();
    let weights = (0..shape.count()).map(|_| (random.f32() * 2.0 - 1.0) * size);
    Heads {
        shape,
        weights: weights.collect(),
    }
}

/// An encoder, as it was opened.
struct Opened {
    encoder: Encoder,
    files: EncoderFiles,
    options: EncoderOptions,
}

impl Opened {
    fn of(folder: &Path, options: EncoderOptions) -> Self {
        let options = EncoderOptions {
            providers: vec![Provider::Cpu],
            ..options
        };
        let files = EncoderFiles::open(folder).unwrap();
        let encoder = Encoder::open(&files, &options, &task()).unwrap();
        Self {
            encoder,
            files,
            options,
        }
    }

    fn plain(folder: &Path) -> Self {
        Self::of(folder, EncoderOptions::default())
    }

    fn dim(&self) -> usize {
        self.encoder.describe().dim.unwrap()
    }

    fn export(&self, heads: &Heads, folder: &Path) -> Result<Exported> {
        let trained = Trained {
            encoder: &self.encoder,
            files: &self.files,
            options: &self.options,
            heads,
        };
        export(trained, folder, &task())
    }

    /// Exports it with `heads`, and compares what the copy gives with what the CPU makes of this one's embeddings. The
    /// copy in its folder, and the largest difference.
    fn agrees(&self, heads: &Heads, data: &Data) -> (TempDir, Self, f32) {
        let place = tempfile::tempdir().unwrap();
        let folder = place.path().join("learned");
        let exported = self.export(heads, &folder).unwrap();
        assert!(exported.deviation.unwrap() < 1e-5, "{exported:?}");
        let copy = Self::plain(&folder);
        assert_eq!(copy.encoder.name(), "learned");
        let mut largest = 0.0_f32;
        let mut compare = |tower, given: &Embeddings, made: &Embeddings| {
            let wanted = embed(heads, tower, given.data());
            assert_eq!(wanted.len(), made.data().len());
            assert!(made.data().iter().all(|v| v.is_finite()));
            for (a, b) in wanted.iter().zip(made.data()) {
                largest = largest.max((a - b).abs());
            }
        };
        for picture in &data.pictures {
            let [given, made] = [self, &copy].map(|of| of.encoder.embed_picture(picture).unwrap());
            compare(Tower::Image, &given, &made);
        }
        let texts = &data.captions;
        let [given, made] =
            [self, &copy].map(|of| of.encoder.embed_texts(texts, None, &task()).unwrap());
        compare(Tower::Text, &given, &made);
        assert!(largest < 1e-5, "{:?}: {largest}", heads.shape);
        (place, copy, largest)
    }
}

/// What is embedded.
struct Data {
    pictures: Vec<Picture>,
    captions: Vec<String>,
}

impl Data {
    /// Scenes of the demo with its kind of captions.
    fn demo() -> Self {
        let open = |i: usize| {
            let path = demo().join("scenes").join(format!("{i:03}.png"));
            nearmiss::dataset::open_picture(&path).unwrap()
        };
        Self {
            pictures: (0..6).map(open).collect(),
            captions: [
                "A small pink circle above two crosses.",
                "A scene.",
                "A large blue square.",
                "A green triangle left of a red circle and below three yellow crosses.",
            ]
            .map(String::from)
            .to_vec(),
        }
    }

    /// For encoders that know the words "one" to "four".
    fn words() -> Self {
        Self {
            captions: [
                "one",
                "two three",
                "one two three four four",
                "four",
                "three one two",
            ]
            .map(String::from)
            .to_vec(),
            ..Self::demo()
        }
    }
}

fn demo() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/demo")
}

/// What the CPU makes of unit rows.
fn embed(heads: &Heads, tower: Tower, rows: &[f32]) -> Vec<f32> {
    let plan = Plan {
        shape: heads.shape,
        loss: Loss::default(),
        margin: 0.2,
        scalars: false,
        batch: 2,
    };
    let start = Learned::new(heads.weights.clone());
    let mut trainer = Cpu.trainer(plan, start).unwrap();
    trainer.embed(tower, rows).unwrap()
}

/// The self-check of `nearmiss grad --check`: the gradient against slopes of the model.
fn gradient_passes(model: &Path) {
    let graph = Graph::open(model).unwrap();
    let feeds = sample_feeds(&graph, &BTreeMap::from([("batch".to_owned(), 2)]), 0);
    let sample = Sample {
        feeds,
        check: 6,
        ..Sample::default()
    };
    let engine = RuntimeEngine::new(&[Provider::Cpu]);
    let card = examine(&graph, &sample, &engine, &task()).unwrap();
    assert!(card.supported(), "{:?}", card.survey.blocking);
    let check = card.measured.and_then(|m| m.check()).unwrap();
    println!("{}: {check:?}", model.display());
    assert!(check.passed && check.compared, "{check:?}");
}
