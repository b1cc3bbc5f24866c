//! Encoders, end to end: the demo's, ones made on the spot, and real ones where the material is there.

mod beside;
pub mod made;
mod material;
pub mod models;
mod signatures;

use nearmiss::dataset::{Dataset, Image};
use nearmiss::encoder::{Cache, Encoder, EncoderFiles, EncoderOptions};
use nearmiss::runtime::Runtime;
use nearmiss::task::Task;
use std::path::{Path, PathBuf};

fn task() -> Task {
    Task::detached()
}

fn demo() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/demo")
}

/// The first `count` scenes of the demo, with two captions each, some of them alike.
fn scenes(count: usize) -> Dataset {
    let group = |i: usize| {
        let name = format!("{i:03}.png");
        let path = demo().join("scenes").join(&name);
        (
            Image::file(name, path),
            vec![
                format!("A small pink circle above {} crosses.", i % 3),
                "A scene.".to_owned(),
            ],
        )
    };
    Dataset::from_groups(
        "scenes",
        "made",
        (0..count).map(group).collect(),
        Vec::new(),
    )
}

fn demo_encoder(batch: usize) -> Encoder {
    let files = EncoderFiles::open(&demo().join("encoder")).unwrap();
    Encoder::open(
        &files,
        &EncoderOptions {
            batch,
            ..EncoderOptions::default()
        },
        &task(),
    )
    .unwrap()
}

fn largest_difference(a: &[f32], b: &[f32]) -> f32 {
    assert_eq!(a.len(), b.len());
    a.iter()
        .zip(b)
        .map(|(a, b)| (a - b).abs())
        .fold(0.0, f32::max)
}

#[test]
fn the_runtime_says_what_it_is() {
    let runtime = Runtime::get().unwrap();
    let info = runtime.info();
    assert!(info.providers.iter().any(|p| p == "CPU"));
    assert!(
        info.version.starts_with(|c: char| c.is_ascii_digit()),
        "{info:?}"
    );
    assert_eq!(runtime.is_tract(), info.library.is_none());
}

#[test]
fn what_was_embedded_once_comes_from_the_cache() {
    let folder = tempfile::tempdir().unwrap();
    let cache = Cache::at(folder.path().join("new"));
    let (encoder, dataset) = (demo_encoder(4), scenes(10));
    let first = encoder
        .embed_dataset(&dataset, Some(&cache), &task())
        .unwrap();
    assert_eq!(
        (
            first.cached_images,
            first.cached_texts,
            first.warnings.len()
        ),
        (0, 0, 0)
    );
    assert_eq!(
        (first.embedded.images.rows(), first.embedded.texts.rows()),
        (10, 20)
    );
    let second = encoder
        .embed_dataset(&dataset, Some(&cache), &task())
        .unwrap();
    assert_eq!((second.cached_images, second.cached_texts), (10, 20));
    assert_eq!(
        (second.embedded.images, second.embedded.texts),
        (first.embedded.images.clone(), first.embedded.texts)
    );

    // One more image computes one image.
    let more = encoder
        .embed_dataset(&scenes(11), Some(&cache), &task())
        .unwrap();
    assert_eq!(more.cached_images, 10);
    assert_eq!(
        more.embedded.images.rows_in(0..10),
        first.embedded.images.data()
    );
}

#[test]
fn a_torn_cache_loses_its_tail_alone() {
    let folder = tempfile::tempdir().unwrap();
    let cache = Cache::at(folder.path().to_path_buf());
    let (encoder, dataset) = (demo_encoder(4), scenes(10));
    let first = encoder
        .embed_dataset(&dataset, Some(&cache), &task())
        .unwrap();
    for entry in std::fs::read_dir(folder.path()).unwrap() {
        let file = std::fs::OpenOptions::new()
            .write(true)
            .open(entry.unwrap().path())
            .unwrap();
        file.set_len(file.metadata().unwrap().len() - 7).unwrap();
    }
    let second = encoder
        .embed_dataset(&dataset, Some(&cache), &task())
        .unwrap();
    assert_eq!(second.cached_images, 9);
    assert!(largest_difference(first.embedded.images.data(), second.embedded.images.data()) < 1e-5);
    let third = encoder
        .embed_dataset(&dataset, Some(&cache), &task())
        .unwrap();
    assert_eq!((third.cached_images, third.cached_texts), (10, 20));
}

#[test]
fn a_cache_that_cannot_be_written_is_a_warning() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let cache = Cache::at(file.path().join("cache"));
    let made = demo_encoder(4)
        .embed_dataset(&scenes(5), Some(&cache), &task())
        .unwrap();
    assert_eq!(
        (made.embedded.images.rows(), made.warnings.len()),
        (5, 1),
        "{:?}",
        made.warnings
    );
    assert!(made.warnings[0].contains("not kept"));
}

#[test]
fn the_batch_does_not_matter() {
    let dataset = scenes(9);
    let of = |batch| {
        demo_encoder(batch)
            .embed_dataset(&dataset, None, &task())
            .unwrap()
    };
    let (one, many) = (of(1), of(32));
    assert!(largest_difference(one.embedded.images.data(), many.embedded.images.data()) < 1e-5);
    assert!(largest_difference(one.embedded.texts.data(), many.embedded.texts.data()) < 1e-5);
}

#[test]
fn a_single_picture_and_a_typed_text_match_the_dataset() {
    let (encoder, dataset) = (demo_encoder(32), scenes(3));
    let made = encoder.embed_dataset(&dataset, None, &task()).unwrap();
    let picture = dataset.images[2].open().unwrap();
    let alone = encoder.embed_picture(&picture).unwrap();
    assert!(largest_difference(alone.data(), made.embedded.images.row(2)) < 1e-5);
    let typed = encoder
        .embed_texts(&dataset.captions[2..3], None, &task())
        .unwrap();
    assert!(largest_difference(typed.data(), made.embedded.texts.row(2)) < 1e-5);
}
