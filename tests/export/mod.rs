//! What is written: embeddings, training files, datasets; and read back.

mod command;
mod datasets;
mod embeddings;
mod packed;
mod training;

use nearmiss::dataset::{self, Dataset, Image};
use nearmiss::task::Task;
use std::path::{Path, PathBuf};

fn task() -> Task {
    Task::detached()
}

/// The content of a picture file that no other number has.
fn png(number: u8) -> Vec<u8> {
    let mut bytes = std::io::Cursor::new(Vec::new());
    let image = image::RgbImage::from_fn(3, 2, |x, y| image::Rgb([x as u8, y as u8, number]));
    image.write_to(&mut bytes, image::ImageFormat::Png).unwrap();
    bytes.into_inner()
}

/// A dataset whose picture `i` is `png(i)`, in files of `folder` that have nothing to do with the names.
fn made(folder: &Path, groups: &[(&str, &[&str])]) -> Dataset {
    let group = |(i, (name, captions)): (usize, &(&str, &[&str]))| {
        let path = folder.join(format!("stored-{i}.png"));
        std::fs::write(&path, png(i as u8)).unwrap();
        let captions = captions.iter().map(|&c| c.to_owned()).collect();
        (Image::file(*name, path), captions)
    };
    let groups = groups.iter().enumerate().map(group).collect();
    Dataset::from_groups("made", "made", groups, Vec::new())
}

/// Names with captions.
fn groups(dataset: &Dataset) -> Vec<(String, Vec<String>)> {
    (0..dataset.images.len())
        .map(|i| {
            let captions = dataset.captions[dataset.captions_of(i)].to_vec();
            (dataset.images[i].name.clone(), captions)
        })
        .collect()
}

fn open(path: &Path) -> Dataset {
    let dataset = dataset::open(path, &task()).unwrap();
    assert!(dataset.problems.is_empty(), "{:?}", dataset.problems);
    dataset
}

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/fixtures/embeddings")
        .join(name)
}

/// What lies in a folder, hidden files too.
fn listing(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).unwrap().flatten();
    let mut names: Vec<String> = entries
        .map(|e| e.file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}
