//! Datasets: every format on real files, recognition of folders, what is skipped, and what is refused.

mod account;
mod archives;
mod cached;
mod captions_only;
mod formats;
mod img2dataset;
mod material;
mod npy;
pub mod parquet;
mod parquet_tables;
mod pictures;
mod precomputed;
mod published;
mod tables;

use nearmiss::dataset::{self, Dataset, Stored, UNEXPLAINED};
use nearmiss::error::{Error, Result};
use nearmiss::task::Task;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// A temporary folder to be opened as a dataset.
struct Folder(TempDir);

impl Folder {
    /// With tiny pictures of these names.
    fn with(pictures: &[&str]) -> Self {
        let folder = Self(tempfile::tempdir().unwrap());
        for name in pictures {
            folder.write(name, png());
        }
        folder
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content).unwrap();
    }

    fn open(&self) -> Result<Dataset> {
        open(self.0.path())
    }

    fn open_file(&self, name: &str) -> Result<Dataset> {
        open(&self.path(name))
    }
}

fn open(path: &Path) -> Result<Dataset> {
    let dataset = dataset::open(path, &Task::detached())?;
    for image in &dataset.images {
        match &image.picture {
            Some(Stored::File(path)) => assert!(path.is_file()),
            Some(Stored::Span { archive, .. }) => assert!(archive.is_file()),
            Some(Stored::Cell { column, .. }) => assert!(column.path().is_file()),
            Some(Stored::Base64(_) | Stored::Text(_)) => assert!(image.open().is_ok()),
            None => {}
        }
    }
    balanced(&dataset);
    Ok(dataset)
}

/// Used and left out are what was found, each for a reason that was noted.
fn balanced(dataset: &Dataset) {
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
        assert_eq!(tally.used, used as u64);
        assert_eq!(tally.used + left, tally.found, "{account:?}");
        assert_eq!(tally.found, found, "{account:?}");
        assert!(
            tally.left_out.iter().all(|left| left.what != UNEXPLAINED),
            "{account:?}"
        );
    }
}

/// A picture of 3 x 2 pixels.
fn png() -> Vec<u8> {
    let mut bytes = std::io::Cursor::new(Vec::new());
    let image = image::RgbImage::from_fn(3, 2, |x, y| image::Rgb([x as u8, y as u8, 9]));
    image.write_to(&mut bytes, image::ImageFormat::Png).unwrap();
    bytes.into_inner()
}

/// Names of the images, each with its captions.
fn groups(dataset: &Dataset) -> Vec<(&str, Vec<&str>)> {
    (0..dataset.images.len())
        .map(|i| {
            let captions = dataset.captions[dataset.captions_of(i)]
                .iter()
                .map(String::as_str);
            (dataset.images[i].name.as_str(), captions.collect())
        })
        .collect()
}

/// The problems as text, one a line.
fn problems(dataset: &Dataset) -> Vec<String> {
    dataset
        .problems
        .iter()
        .map(|p| format!("{}: {}", p.place, p.what))
        .collect()
}

/// An error as the user reads it, with its remedy.
fn refused<T>(result: Result<T>) -> String {
    let error = result.err().expect("it must be refused");
    let known = matches!(error, Error::Dataset { .. } | Error::Changed { .. });
    assert!(known, "{error:?}");
    assert!(!error.remedy().is_empty(), "{error} says no remedy");
    format!("{error} | {}", error.remedy())
}

/// Asserts that a message holds each of the parts.
fn says(message: &str, parts: &[&str]) {
    for part in parts {
        assert!(message.contains(part), "{message:?} does not say {part:?}");
    }
}

#[test]
fn a_folder_without_pictures_or_captions_is_refused() {
    says(
        &refused(Folder::with(&[]).open()),
        &["holds no pictures", "captions_*.json"],
    );
    says(
        &refused(Folder::with(&["a.png"]).open()),
        &["holds pictures, but no captions"],
    );
}

#[test]
fn a_folder_of_pictures_points_to_the_captions_above_it() {
    let folder = Folder::with(&["images/a.png"]);
    folder.write("captions.csv", "image,caption\na.png,one\n");
    let above = folder.0.path().display().to_string();
    says(
        &refused(open(&folder.path("images"))),
        &["no captions", &above, "captions.csv"],
    );
}

#[test]
fn empty_unknown_and_absent_files_are_refused() {
    let folder = Folder::with(&["a.png"]);
    folder.write("captions.csv", "");
    folder.write("other.json", r#"{"rows": []}"#);
    folder.write("notes.txt", "hello\n");
    says(
        &refused(folder.open_file("captions.csv")),
        &["captions.csv: is empty (0 bytes)"],
    );
    says(
        &refused(folder.open()),
        &["captions.csv: is empty (0 bytes)"],
    );
    says(
        &refused(folder.open_file("other.json")),
        &["other.json", "sentences", "annotations"],
    );
    says(
        &refused(folder.open_file("notes.txt")),
        &["not a known caption file"],
    );
    says(&refused(folder.open_file("a.png")), &["is a picture"]);
    let absent = folder.open_file("absent.csv").unwrap_err();
    assert!(matches!(absent, Error::Io { .. }) && absent.to_string().contains("absent.csv"));
}

#[test]
fn the_tables_order_decides_between_formats_and_says_so() {
    let folder = Folder::with(&["a.png"]);
    folder.write("captions.csv", "image,caption\na.png,table\n");
    folder.write("x.token.txt", "a.png#0\ttoken\n");
    folder.write("a.txt", "sidecar\n");
    let dataset = folder.open().unwrap();
    assert_eq!(groups(&dataset), [("a.png", vec!["token"])]);
    assert_eq!(
        dataset.format,
        "Flickr tokens (x.token.txt); captions.csv and 1 more not used"
    );
}

#[test]
fn a_caption_file_without_its_pictures_gives_way_to_one_that_has_them() {
    let folder = Folder::with(&["train2017/a.jpg"]);
    for (split, name) in [("train2017", "a.jpg"), ("val2017", "b.jpg")] {
        let json = format!(
            r#"{{"images": [{{"id": 1, "file_name": "{name}"}}], "annotations": [{{"image_id": 1, "caption": "one"}}]}}"#
        );
        folder.write(&format!("annotations/captions_{split}.json"), json);
    }
    let dataset = folder.open().unwrap();
    assert_eq!(groups(&dataset), [("a.jpg", vec!["one"])]);
    says(
        &problems(&dataset)[0],
        &["captions_val2017.json: passed over", "missing"],
    );
    assert_eq!(dataset.origin.split.unwrap().name, "train");
    assert_eq!(
        dataset.name,
        folder.0.path().file_name().unwrap().to_string_lossy()
    );
}

#[test]
fn a_caption_file_of_any_name_is_told_by_how_it_begins() {
    let folder = Folder::with(&["a.png"]);
    folder.write("mine.csv", "filename,title\na.png,one\n");
    assert_eq!(groups(&folder.open().unwrap()), [("a.png", vec!["one"])]);
    folder.write("captions.txt", "a.png#0\ta token file under another name\n");
    says(
        &folder.open_file("captions.txt").unwrap().format,
        &["Flickr tokens"],
    );
}

#[test]
fn pictures_are_found_in_the_usual_folders_whatever_their_case() {
    let folder = Folder::with(&[
        "Images/A.PNG",
        "flickr30k_images/b.png",
        "x/c.png",
        "train/val2014/d.png",
    ]);
    folder.write(
        "captions.csv",
        "image,caption\na.png,1\nb.png,2\nx\\C.png,3\n./d.png,4\n/home/me/data/b.png,5\nx/b.png,6\n",
    );
    let dataset = folder.open().unwrap();
    let names: Vec<_> = dataset.images.iter().map(|i| i.name.as_str()).collect();
    assert_eq!(
        names,
        [
            "a.png",
            "b.png",
            "x\\C.png",
            "./d.png",
            "/home/me/data/b.png"
        ]
    );
    assert!(groups(&dataset).len() == 5 && dataset.images[0].place().ends_with("A.PNG"));
    assert_eq!(
        problems(&dataset),
        ["x/b.png: is named in captions.csv, but there is no such file"]
    );
}

#[test]
fn work_stops_when_cancelled() {
    let folder = Folder::with(&["a.png"]);
    folder.write(
        "captions.csv",
        format!("image,caption\n{}", "a.png,one\n".repeat(5000)),
    );
    let task = Task::detached();
    task.cancel();
    assert!(dataset::open(folder.0.path(), &task).is_err_and(|e| e.is_cancelled()));
}

proptest::proptest! {
    #[test]
    fn captions_and_images_stay_consistent(
        counts in proptest::collection::vec(0usize..6, 0..30),
        kept in proptest::collection::vec(proptest::bool::ANY, 30),
    ) {
        let group = |i: usize, n: usize| {
            let image = dataset::Image::unseen(format!("{i}"));
            (image, (0..n).map(|k| format!("{i}/{k}")).collect())
        };
        let all = counts.iter().enumerate().map(|(i, &n)| group(i, n)).collect();
        let dataset = Dataset::from_groups("d", "f", all, Vec::new());
        consistent(&dataset);
        assert_eq!(dataset.problems.len(), counts.iter().filter(|&&n| n == 0).count());
        let part = dataset.retain(|i| kept[i]);
        consistent(&part);
        let expected: Vec<_> = (0..dataset.images.len()).filter(|&i| kept[i]).collect();
        assert_eq!(part.images.len(), expected.len());
        for (new, old) in expected.into_iter().enumerate() {
            assert_eq!(part.images[new], dataset.images[old]);
            assert_eq!(part.captions[part.captions_of(new)], dataset.captions[dataset.captions_of(old)]);
        }
    }
}

/// Every caption is in the range of the image that it says it belongs to.
fn consistent(dataset: &Dataset) {
    assert_eq!(dataset.offsets.len(), dataset.images.len() + 1);
    assert_eq!(
        *dataset.offsets.last().unwrap() as usize,
        dataset.captions.len()
    );
    for (j, caption) in dataset.captions.iter().enumerate() {
        let i = dataset.image_of(j);
        assert!(dataset.captions_of(i).contains(&j));
        assert_eq!(
            caption.split('/').next(),
            Some(dataset.images[i].name.as_str())
        );
    }
}
