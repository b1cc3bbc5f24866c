//! What holds of every dataset and every matrix, whatever file it was read from.

use nearmiss::compute::{Embeddings, Measure};
use nearmiss::dataset::vectors::{self, Matrix};
use nearmiss::dataset::{self, Dataset, UNEXPLAINED, Wanted};
use nearmiss::task::Task;
use std::path::Path;

/// Pictures of a dataset that are decoded.
const PICTURES: usize = 4;

/// Opens the dataset at `path` twice, and looks at it as the program does.
pub fn open(path: &Path, wanted: &Wanted) {
    let task = Task::detached();
    match dataset::open_wanted(path, wanted, &task) {
        Ok(opened) => {
            check(&opened);
            let again = dataset::open_wanted(path, wanted, &task);
            assert_eq!(again.expect("what could be read once"), opened);
        }
        Err(error) => {
            let _ = error.to_string();
            if let Ok(Some((images, _))) = dataset::images_alone(path, wanted, &task) {
                check(&images);
            }
        }
    }
}

/// The splits and languages that are asked for, by number.
pub fn wanted(number: u8) -> Wanted {
    let split = [None, Some("test"), Some("all"), Some("train")][usize::from(number & 3)];
    let language = [None, Some("en")][usize::from(number >> 2 & 1)];
    Wanted {
        split: split.map(str::to_owned),
        language: language.map(str::to_owned),
        ..Wanted::default()
    }
}

/// Captions are grouped by image; used and left out are what was found; what is read twice is equal.
pub fn check(dataset: &Dataset) {
    let offsets = &dataset.offsets;
    assert_eq!(offsets.len(), dataset.images.len() + 1);
    assert_eq!(offsets[0], 0);
    assert!(offsets.is_sorted());
    assert_eq!(offsets[offsets.len() - 1] as usize, dataset.captions.len());
    let account = dataset.account();
    for (tally, found, used) in [
        (
            &account.images,
            dataset.origin.found.images,
            dataset.images.len(),
        ),
        (
            &account.captions,
            dataset.origin.found.captions,
            dataset.captions.len(),
        ),
    ] {
        let left: u64 = tally.left_out.iter().map(|left| left.count).sum();
        assert_eq!(tally.used, used as u64, "{account:?}");
        assert_eq!(tally.used + left, tally.found, "{account:?}");
        assert_eq!(tally.found, found, "{account:?}");
        assert!(
            tally.left_out.iter().all(|left| left.what != UNEXPLAINED),
            "{account:?}"
        );
    }
    let _ = account.describe();
    for image in dataset
        .images
        .iter()
        .filter(|image| image.picture.is_some())
        .take(PICTURES)
    {
        let Ok(bytes) = image.bytes() else { continue };
        assert_eq!(image.bytes().expect("what could be read once"), bytes);
        if let Ok(picture) = image.open() {
            assert_eq!(
                picture.rgb.len(),
                picture.width as usize * picture.height as usize * 3
            );
        }
    }
}

/// Reads the matrix at `path` twice; its values make embeddings that are finite, or are refused.
pub fn matrix(path: &Path) -> Option<Matrix> {
    let names = [vectors::IMAGES, vectors::EITHER];
    let _ = vectors::is_embeddings(path);
    let read = vectors::read(path, &names, &Task::detached()).ok()?;
    assert_eq!(read.values.len(), read.rows * read.columns);
    assert!(read.rows > 0 && read.columns > 0);
    let again = vectors::read(path, &names, &Task::detached()).expect("what could be read once");
    let bits = |m: &Matrix| m.values.iter().map(|v| v.to_bits()).collect::<Vec<_>>();
    assert_eq!(
        (bits(&again), again.rows, again.columns),
        (bits(&read), read.rows, read.columns)
    );
    for measure in [Measure::Cosine, Measure::Dot] {
        if let Ok(rows) = Embeddings::measured(read.values.clone(), read.columns, measure) {
            assert!((0..rows.rows()).all(|i| {
                rows.row(i)
                    .iter()
                    .all(|v| v.is_finite() && v.abs() <= 1.001)
            }));
        }
    }
    Some(read)
}
