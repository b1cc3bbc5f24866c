//! The averaged embedding as an encoder: it gives what the layer and the model give.

use super::*;
use crate::encoder::models::{write_both, write_image_means, write_settings, write_text_sums};
use nearmiss::attack::Network;
use nearmiss::augment::{Averaged, Exported, Ground, averaged, export, kept_draws};
use nearmiss::dataset::{Dataset, Image};
use nearmiss::encoder::{Encoder, EncoderFiles, EncoderOptions};
use nearmiss::error::Result;
use std::path::PathBuf;
use std::sync::Arc;

const IMAGES: usize = 12;

fn demo() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/demo")
}

/// Scenes of the demo with captions that made encoders know too.
fn scenes() -> Dataset {
    let words = ["one", "two", "three", "four"];
    let group = |i: usize| {
        let name = format!("{i:03}.png");
        let path = demo().join("scenes").join(&name);
        let caption = format!(
            "{} {} {}",
            words[i % 4],
            words[i / 4 % 4],
            words[i * 3 / 4 % 4]
        );
        (Image::file(name, path), vec![caption])
    };
    Dataset::from_groups(
        "scenes",
        "made",
        (0..IMAGES).map(group).collect(),
        Vec::new(),
    )
}

struct Opened {
    encoder: Arc<Encoder>,
    files: EncoderFiles,
    options: EncoderOptions,
    ground: Ground,
}

impl Opened {
    fn of(folder: &Path) -> Self {
        let options = EncoderOptions {
            providers: vec![Provider::Cpu],
            ..EncoderOptions::default()
        };
        let files = EncoderFiles::open(folder).unwrap();
        let encoder = Arc::new(Encoder::open(&files, &options, &task()).unwrap());
        let dataset = scenes();
        let made = encoder.embed_dataset(&dataset, None, &task()).unwrap();
        let network = Network::image_tower(&encoder, &[Provider::Cpu], 4, &task()).unwrap();
        let ground = Ground::read(
            Arc::new(network),
            &made.dataset,
            encoder.preprocess(),
            &made.embedded,
            &task(),
        );
        Self {
            ground: ground.unwrap(),
            encoder,
            files,
            options,
        }
    }

    fn export(&self, magnitudes: &Magnitudes, draws: usize, folder: &Path) -> Result<Exported> {
        let of = Averaged {
            encoder: &self.encoder,
            files: &self.files,
            options: &self.options,
            magnitudes,
            draws,
            ground: &self.ground,
        };
        export(of, folder, &task())
    }

    /// Exports it, opens the copy, and compares all scenes in one batch with the layer's own mean.
    fn agrees(&self, magnitudes: &Magnitudes, draws: usize) -> f32 {
        let place = tempfile::tempdir().unwrap();
        let folder = place.path().join("averaged");
        let exported = self.export(magnitudes, draws, &folder).unwrap();
        println!("{exported:?}");
        let copy = Self::of(&folder);
        let layer = layer(self.ground.grid(), magnitudes.made());
        let images: Vec<u32> = (0..IMAGES as u32).collect();
        let here = (&self.ground, &layer);
        let wanted = averaged(here, magnitudes, &images, &kept_draws(draws), &task()).unwrap();
        let made = copy
            .encoder
            .embed_dataset(&scenes(), None, &task())
            .unwrap();
        let off = apart(wanted.data(), made.embedded.images.data());
        // Alone they are what they are together.
        for i in [0, 7] {
            let picture = scenes().images[i].open().unwrap();
            let one = copy.encoder.embed_picture(&picture).unwrap();
            assert!(apart(one.row(0), made.embedded.images.row(i)) < 1e-4);
        }
        let texts = self
            .encoder
            .embed_dataset(&scenes(), None, &task())
            .unwrap();
        assert!(apart(texts.embedded.texts.data(), made.embedded.texts.data()) < 1e-5);
        // What is written can be attacked like any other.
        assert!(copy.ground.network().blocked().is_none());
        off.max(exported.deviation)
    }
}

fn some() -> Magnitudes {
    Magnitudes([0.2, 0.1, 0.3, 0.1, 0.5, 0.05])
}

#[test]
fn the_demo_averaged_is_an_encoder() {
    let opened = Opened::of(&demo().join("encoder"));
    assert!(opened.agrees(&some(), 5) < 1e-4);
    assert!(opened.agrees(&only(Change::Rotation, 0.5), 4) < 1e-4);
}

#[test]
fn old_operator_sets_and_other_types_are_averaged_too() {
    let home = tempfile::tempdir().unwrap();
    write_settings(home.path());
    write_image_means(&home.path().join("vision_model.onnx"), "Identity", 0);
    write_text_sums(&home.path().join("text_model.onnx"));
    assert!(Opened::of(home.path()).agrees(&some(), 3) < 1e-4);

    let home = tempfile::tempdir().unwrap();
    write_settings(home.path());
    write_both(&home.path().join("model.onnx"));
    assert!(Opened::of(home.path()).agrees(&some(), 3) < 5e-3);
}

#[test]
fn what_cannot_be_averaged_is_refused() {
    let home = tempfile::tempdir().unwrap();
    write_settings(home.path());
    write_image_means(&home.path().join("vision_model.onnx"), "Identity", 1);
    write_text_sums(&home.path().join("text_model.onnx"));
    let opened = Opened::of(home.path());
    let folder = home.path().join("averaged");
    let refusal = |magnitudes: &Magnitudes, folder: &Path| {
        let error = opened.export(magnitudes, 3, folder).unwrap_err();
        assert!(!error.remedy().is_empty());
        error.to_string()
    };
    assert!(refusal(&some(), &folder).contains("at once"));
    assert!(refusal(&Magnitudes::default(), &folder).contains("no magnitude"));
    assert!(!folder.exists());
}
