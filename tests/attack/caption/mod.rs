//! Attacks on captions: gradients against differences, searches against asking for everything.

mod limits;
mod material;
mod search;
mod weights;

use nearmiss::attack::caption::{Guide, Options, PairRank, Scene, Substitution, split, substitute};
use nearmiss::compute::{Embedded, Embeddings, TIE};
use nearmiss::dataset::{self, Dataset};
use nearmiss::encoder::{Encoder, EncoderFiles, EncoderOptions};
use nearmiss::runtime::Provider;
use nearmiss::task::Task;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

/// An embedded dataset, its encoder and the encoder's gradient.
struct Stage {
    encoder: Encoder,
    guide: Guide,
    dataset: Dataset,
    embedded: Embedded,
}

impl Stage {
    fn new(encoder: Encoder, dataset: Dataset, embedded: Embedded) -> Self {
        Self {
            guide: Guide::open(&encoder, &[Provider::Cpu]).unwrap(),
            encoder,
            dataset,
            embedded,
        }
    }

    fn scene(&self) -> Scene<'_> {
        Scene::new(&self.encoder, &self.embedded)
    }

    fn embed(&self, texts: &[String]) -> Embeddings {
        self.encoder
            .embed_texts(texts, None, &Task::detached())
            .unwrap()
    }

    fn search(&self, j: usize, options: &Options, guided: bool) -> Substitution {
        let guide = guided.then_some(&self.guide);
        let (text, image) = (&self.dataset.captions[j], self.dataset.image_of(j));
        substitute(
            &self.scene(),
            text,
            Some(j),
            image,
            options,
            guide,
            &Task::detached(),
        )
        .unwrap()
    }

    /// Score, margin and rank of a caption's own image among all images, in float64 and without the library.
    fn among_images(&self, row: &[f32], image: usize) -> (f64, f64, usize) {
        let scores: Vec<f64> = (0..self.embedded.images.rows())
            .map(|i| dot(row, self.embedded.images.row(i)))
            .collect();
        let others = || {
            scores
                .iter()
                .enumerate()
                .filter(|(i, _)| *i != image)
                .map(|(_, s)| *s)
        };
        let rank = 1 + others()
            .filter(|s| *s >= scores[image] - f64::from(TIE))
            .count();
        (
            scores[image],
            scores[image] - others().fold(f64::MIN, f64::max),
            rank,
        )
    }

    /// The least margin that any exchange of one word of caption `j` for one of `vocabulary` leaves.
    fn least_margin(&self, j: usize, vocabulary: &[String]) -> f64 {
        let text = &self.dataset.captions[j];
        let mut edits = Vec::new();
        for word in split(text) {
            for new in vocabulary
                .iter()
                .filter(|new| **new != word.text.to_lowercase())
            {
                let mut edited = text.clone();
                edited.replace_range(word.span.clone(), new);
                edits.push(edited);
            }
        }
        let rows = self.embed(&edits);
        let image = self.dataset.image_of(j);
        let margins = (0..rows.rows()).map(|r| self.among_images(rows.row(r), image).1);
        margins.fold(f64::MAX, f64::min)
    }
}

fn dot(a: &[f32], b: &[f32]) -> f64 {
    a.iter()
        .zip(b)
        .map(|(x, y)| f64::from(*x) * f64::from(*y))
        .sum()
}

fn open(folder: &Path) -> Encoder {
    let files = EncoderFiles::open(folder).unwrap();
    Encoder::open(&files, &EncoderOptions::default(), &Task::detached()).unwrap()
}

fn demo_folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/demo")
}

/// The first 60 scenes of the demo with the demo's encoder, embedded once.
fn demo() -> &'static Stage {
    static STAGE: OnceLock<Stage> = OnceLock::new();
    STAGE.get_or_init(|| {
        let task = Task::detached();
        let dataset = dataset::open(&demo_folder(), &task)
            .unwrap()
            .retain(|i| i < 60);
        let encoder = open(&demo_folder().join("encoder"));
        let made = encoder.embed_dataset(&dataset, None, &task).unwrap();
        Stage::new(encoder, dataset, made.embedded)
    })
}

/// The words of letters of the demo's vocabulary, read from its file.
fn demo_words() -> Vec<String> {
    let text = std::fs::read_to_string(demo_folder().join("encoder/tokenizer.json")).unwrap();
    let json: serde_json::Value = serde_json::from_str(&text).unwrap();
    let vocabulary = json["model"]["vocab"].as_object().unwrap();
    let words = vocabulary
        .keys()
        .filter(|w| w.chars().all(char::is_alphabetic));
    words.cloned().collect()
}

fn close(ours: PairRank, theirs: (f64, f64, usize)) {
    assert!(
        (f64::from(ours.score) - theirs.0).abs() < 1e-5,
        "{ours:?} {theirs:?}"
    );
    assert!(
        (f64::from(ours.margin.unwrap()) - theirs.1).abs() < 1e-5,
        "{ours:?} {theirs:?}"
    );
    assert_eq!(ours.rank, theirs.2);
}
